#include "mesh/base/file_fingerprint.h"

#include <filesystem>

#include "gtest/gtest.h"
#include "mesh/base/durable_file.h"
#include "mesh/base/temp_folder.h"

namespace psm {
namespace {

TEST(FileFingerprintTest, IsAnotherOneAfterEveryKindOfChange) {
  const TempFolder folder;
  const std::string file = folder.File("a");
  const std::string other = folder.File("b");
  const std::string missing = FingerprintOf({file});
  folder.Write("a", "one");
  const std::string there = FingerprintOf({file});
  EXPECT_NE(there, missing);
  EXPECT_EQ(FingerprintOf({file}), there);
  folder.Write("a", "longer");
  const std::string longer = FingerprintOf({file});
  EXPECT_NE(longer, there);
  // Replaced by one of the same size.
  ASSERT_TRUE(WriteWholeFile(file, "LONGER", kPublic, Outlives::kProcess).ok());
  EXPECT_NE(FingerprintOf({file}), longer);
  EXPECT_NE(FingerprintOf({file, other}), FingerprintOf({file}));
  std::filesystem::remove(file);
  EXPECT_EQ(FingerprintOf({file}), missing);
}

}  // namespace
}  // namespace psm
