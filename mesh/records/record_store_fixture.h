// For tests: a record store in a folder of its own.
#ifndef PSM_MESH_RECORDS_RECORD_STORE_FIXTURE_H_
#define PSM_MESH_RECORDS_RECORD_STORE_FIXTURE_H_

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "mesh/records/record_store.h"
#include "mesh/records/record_testing.h"

namespace psm {

class RecordStoreFixture : public ::testing::Test {
 protected:
  std::unique_ptr<RecordStore> OpenStore() {
    auto store = RecordStore::Open(options_, clock_, SystemRandom());
    EXPECT_TRUE(store.ok()) << store.status();
    return store.ok() ? *std::move(store) : nullptr;
  }
  std::vector<std::string> Ids(RecordLog& log) {
    auto ids = AllIds(log);
    EXPECT_TRUE(ids.ok()) << ids.status();
    return ids.ok() ? *ids : std::vector<std::string>();
  }
  void WriteQuota(const std::string& text) {
    std::ofstream(folder_.path() + "/quota") << text;
  }
  void RemoveQuota() { std::filesystem::remove(folder_.path() + "/quota"); }
  int CountSegments() {
    int count = 0;
    for (const auto& entry :
         std::filesystem::directory_iterator(folder_.path())) {
      count += entry.path().filename().string().starts_with("segment-");
    }
    return count;
  }

  TempFolder folder_;
  RecordStoreOptions options_ = TestOptions(folder_.path());
  SystemClock clock_;
  LoopExecutor loop_;
};

}  // namespace psm

#endif  // PSM_MESH_RECORDS_RECORD_STORE_FIXTURE_H_
