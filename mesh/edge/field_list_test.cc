#include "mesh/edge/field_list.h"

#include <nghttp2/nghttp2.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "gtest/gtest.h"

namespace psm::edge {
namespace {

// One end of a connection, as far as it compresses headers.
class Compressor {
 public:
  Compressor() {
    EXPECT_EQ(nghttp2_hd_deflate_new(&deflater_, 4096), 0);
    EXPECT_EQ(nghttp2_hd_inflate_new(&inflater_), 0);
  }
  ~Compressor() {
    nghttp2_hd_deflate_del(deflater_);
    nghttp2_hd_inflate_del(inflater_);
  }

  // Bytes on the wire.
  std::size_t Send(const Metadata& metadata) {
    FieldList& fields = FieldList::Scratch();
    fields.AddMetadata(metadata);
    std::vector<std::uint8_t> block(1 << 14);
    const ssize_t size = nghttp2_hd_deflate_hd(
        deflater_, block.data(), block.size(), fields.data(), fields.size());
    EXPECT_GT(size, 0);
    block.resize(static_cast<std::size_t>(size));
    Receive(block);
    return block.size();
  }
  const Metadata& received() const { return received_; }

 private:
  void Receive(const std::vector<std::uint8_t>& block) {
    received_.clear();
    const std::uint8_t* next = block.data();
    const std::uint8_t* const end = next + block.size();
    int flags = 0;
    while ((flags & NGHTTP2_HD_INFLATE_FINAL) == 0) {
      nghttp2_nv field;
      const ssize_t taken =
          nghttp2_hd_inflate_hd2(inflater_, &field, &flags, next,
                                 static_cast<std::size_t>(end - next), 1);
      ASSERT_GE(taken, 0);
      next += taken;
      if ((flags & NGHTTP2_HD_INFLATE_EMIT) == 0) continue;
      received_.emplace_back(
          std::string(reinterpret_cast<const char*>(field.name), field.namelen),
          std::string(reinterpret_cast<const char*>(field.value),
                      field.valuelen));
    }
    nghttp2_hd_inflate_end_headers(inflater_);
  }

  nghttp2_hd_deflater* deflater_ = nullptr;
  nghttp2_hd_inflater* inflater_ = nullptr;
  Metadata received_;
};

Metadata Receipt(char tree, char leaves) {
  return {{"psm-exchange-id", std::string(36, leaves)},
          {"psm-receipt-bin", std::string(130, tree)},
          {"psm-receipt-bin", std::string(100, leaves)}};
}

TEST(FieldListTest, ATreeIsSaidOnceForAllReceiptsUnderIt) {
  Compressor connection;
  const std::size_t first = connection.Send(Receipt('a', '1'));
  const std::size_t second = connection.Send(Receipt('a', '2'));
  EXPECT_LT(second + 100, first);
  ASSERT_EQ(connection.received().size(), 3u);
  EXPECT_EQ(connection.received()[1].second,
            EncodeBinary(std::string(130, 'a')));
  EXPECT_EQ(connection.received()[2].second,
            EncodeBinary(std::string(100, '2')));
  // Another tree is said whole, and what comes once is never kept: the same
  // again costs the same again.
  const std::size_t other = connection.Send(Receipt('b', '2'));
  EXPECT_GT(other, second + 100);
  EXPECT_EQ(connection.Send(Receipt('b', '2')), second);
}

TEST(FieldListTest, OneValueOfABinaryKeyIsNotKept) {
  Compressor connection;
  const Metadata alone = {{"psm-receipt-bin", std::string(130, 'a')}};
  connection.Send(alone);  // the name is known from here on
  const std::size_t first = connection.Send(alone);
  EXPECT_EQ(connection.Send(alone), first);
  EXPECT_GT(first, 100u);
}

}  // namespace
}  // namespace psm::edge
