#include "mesh/records/leaf.h"

#include <set>
#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"
#include "gtest/gtest.h"
#include "mesh/records/record_testing.h"

namespace psm {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Reflection;
using records::v1::Record;

// A record with nothing but one field, which holds something.
Record WithOnly(const FieldDescriptor& field) {
  Record record;
  const Reflection& reflection = *Record::GetReflection();
  if (field.is_repeated()) {
    reflection.AddString(&record, &field, "name");
    return record;
  }
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING:
      reflection.SetString(&record, &field, "text");
      break;
    case FieldDescriptor::CPPTYPE_INT32:
      reflection.SetInt32(&record, &field, 7);
      break;
    case FieldDescriptor::CPPTYPE_UINT32:
      reflection.SetUInt32(&record, &field, 7);
      break;
    case FieldDescriptor::CPPTYPE_UINT64:
      reflection.SetUInt64(&record, &field, 7);
      break;
    case FieldDescriptor::CPPTYPE_BOOL:
      reflection.SetBool(&record, &field, true);
      break;
    case FieldDescriptor::CPPTYPE_ENUM:
      reflection.SetEnumValue(&record, &field, Record::EXCHANGE);
      break;
    default:
      reflection.MutableMessage(&record, &field);
      break;
  }
  return record;
}

std::vector<std::string> PartsOf(const Record& record) {
  std::vector<std::string> parts;
  for (std::size_t i = 0; i < kLeafParts; ++i) {
    parts.push_back(EncodePart(record, static_cast<LeafPart>(i)));
  }
  return parts;
}

TEST(LeafTest, EveryFieldOfARecordIsInExactlyOnePart) {
  const Descriptor& type = *Record::descriptor();
  std::set<std::string> encodings;
  for (int i = 0; i < type.field_count(); ++i) {
    const std::vector<std::string> parts = PartsOf(WithOnly(*type.field(i)));
    int holding = 0;
    for (const std::string& part : parts) {
      if (part.empty()) continue;
      ++holding;
      EXPECT_EQ(part[0], static_cast<char>(type.field(i)->number()))
          << type.field(i)->name();
      EXPECT_TRUE(encodings.insert(part).second) << type.field(i)->name();
    }
    EXPECT_EQ(holding, 1) << type.field(i)->name();
  }
}

TEST(LeafTest, ValuesThatRunTogetherAreToldApart) {
  Record one;
  one.add_released("ab");
  one.add_released("c");
  Record other;
  other.add_released("a");
  other.add_released("bc");
  Record joined;
  joined.add_released("abc");
  std::set<std::string> encodings = {
      EncodePart(one, LeafPart::kConsumer),
      EncodePart(other, LeafPart::kConsumer),
      EncodePart(joined, LeafPart::kConsumer),
  };
  EXPECT_EQ(encodings.size(), 3u);
}

TEST(LeafTest, IsTheWorkedExampleOfTheFormat) {
  Record record;
  record.set_kind(Record::EXCHANGE);
  record.set_consumer("akatsuki/benefits");
  record.mutable_ask_time()->set_seconds(1790000000);
  EXPECT_EQ(absl::BytesToHexString(EncodePart(record, LeafPart::kExchange)),
            "020000000400000001"
            "0300000011616b617473756b692f62656e6566697473"
            "0b0000000c000000006ab13b8000000000");
  const std::string seed(kSeedBytes, '\x11');
  EXPECT_EQ(absl::BytesToHexString(PartSalts(seed)[LeafPart::kExchange]),
            "e0d541314e00102d6dfca8bc007b6c8a");
  const RecordSeal seal(record, seed);
  const std::string leaf(seal.leaf());
  EXPECT_EQ(absl::BytesToHexString(leaf.substr(0, 33)),
            "0105faf7ea255e6edbe10c9b5ee98ed3"
            "d056b10a7b56a64a64a53831e532679d6f");
  EXPECT_EQ(absl::BytesToHexString(Sha256(std::string(1, '\0') + leaf)),
            "f2bb18526a8eafa15c15e80d31c9207cc8cbc2ca3c40ba44318a526b1774ebd8");
}

TEST(LeafTest, ChangingAnyFieldChangesItsCommitmentAndNoOther) {
  const Descriptor& type = *Record::descriptor();
  const std::string seed(kSeedBytes, 's');
  const RecordSeal empty(Record(), seed);
  for (int i = 0; i < type.field_count(); ++i) {
    const RecordSeal leaf(WithOnly(*type.field(i)), seed);
    int changed = 0;
    for (std::size_t at = 0; at < kLeafParts; ++at) {
      const LeafPart part = static_cast<LeafPart>(at);
      if (leaf.commitment(part) != empty.commitment(part)) ++changed;
    }
    EXPECT_EQ(changed, 1) << type.field(i)->name();
  }
}

TEST(LeafTest, TheSameRecordTwiceShowsNothingInCommon) {
  const RecordSeal one = Seal(SampleRecord(1), SystemRandom());
  const RecordSeal other = Seal(SampleRecord(1), SystemRandom());
  for (std::size_t i = 0; i < kLeafParts; ++i) {
    const LeafPart part = static_cast<LeafPart>(i);
    EXPECT_NE(one.commitment(part), other.commitment(part));
  }
}

// Nor do equal parts of one record: an empty one does not stand out.
TEST(LeafTest, EmptyPartsLookLikeAnyOther) {
  const RecordSeal seal(Record(), std::string(kSeedBytes, 's'));
  std::set<absl::string_view> seen;
  for (std::size_t i = 0; i < kLeafParts; ++i) {
    EXPECT_TRUE(seen.insert(seal.commitment(static_cast<LeafPart>(i))).second);
  }
}

TEST(LeafTest, APartAndItsSaltGiveItsCommitment) {
  const Record record = SampleRecord(3);
  const RecordSeal seal = Seal(record, SystemRandom());
  for (std::size_t i = 0; i < kLeafParts; ++i) {
    const LeafPart part = static_cast<LeafPart>(i);
    EXPECT_EQ(Commit(part, seal.salts()[part], EncodePart(record, part)),
              seal.commitment(part));
  }
}

}  // namespace
}  // namespace psm
