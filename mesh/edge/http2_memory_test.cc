#include "mesh/edge/http2_memory.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "gtest/gtest.h"

namespace psm::edge {
namespace {

// What nghttp2 asks for: a frame of 16 KiB and its head.
constexpr std::size_t kFrame = (16 << 10) + 10;

std::size_t PageSize() {
  return static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
}

int ResidentPages(void* memory, std::size_t size) {
  std::vector<unsigned char> pages((size + PageSize() - 1) / PageSize());
  EXPECT_EQ(mincore(memory, size, pages.data()), 0);
  return static_cast<int>(
      std::count_if(pages.begin(), pages.end(),
                    [](unsigned char page) { return (page & 1) != 0; }));
}

class SparseMemoryTest : public ::testing::Test {
 protected:
  // As nghttp2 does it.
  void* Take(void* before, std::size_t size) {
    return memory_->realloc(before, size, memory_->mem_user_data);
  }
  void Free(void* memory) { memory_->free(memory, memory_->mem_user_data); }

  nghttp2_mem* const memory_ = SparseMemory();
};

TEST_F(SparseMemoryTest, ALargeBufferIsResidentOnlyWhereItWasWritten) {
  // Several, so that they come out of memory that has been in use.
  std::vector<char*> used(8);
  for (char*& one : used) {
    one = static_cast<char*>(Take(nullptr, kFrame));
    std::memset(one, 'x', kFrame);
    EXPECT_GT(ResidentPages(one, kFrame), 1);
  }
  for (char* one : used) Free(one);
  for (char*& one : used) {
    one = static_cast<char*>(Take(nullptr, kFrame));
    EXPECT_EQ(ResidentPages(one, kFrame), 0);
    one[20] = 'y';
    EXPECT_EQ(ResidentPages(one, kFrame), 1);
  }
  for (char* one : used) Free(one);
}

TEST_F(SparseMemoryTest, WhatGrowsKeepsWhatItHeld) {
  char* memory = static_cast<char*>(Take(nullptr, 100));
  std::string held;
  for (const std::size_t size : {std::size_t{200}, kFrame, 2 * kFrame}) {
    const std::size_t before = held.size();
    memory = static_cast<char*>(Take(memory, size));
    EXPECT_EQ(absl::string_view(memory, before), held);
    held.append(size - before, static_cast<char>('a' + before % 26));
    held.copy(memory, held.size());
  }
  Free(memory);
  char* large = static_cast<char*>(memory_->malloc(kFrame, nullptr));
  std::memset(large, 'z', kFrame);
  large = static_cast<char*>(Take(large, 4 * kFrame));
  EXPECT_EQ(absl::string_view(large, kFrame), std::string(kFrame, 'z'));
  Free(large);
}

TEST_F(SparseMemoryTest, WhatIsAskedForZeroedIsZero) {
  for (const std::size_t size : {std::size_t{64}, kFrame}) {
    char* memory = static_cast<char*>(memory_->calloc(2, size, nullptr));
    EXPECT_EQ(absl::string_view(memory, 2 * size), std::string(2 * size, '\0'));
    Free(memory);
  }
}

}  // namespace
}  // namespace psm::edge
