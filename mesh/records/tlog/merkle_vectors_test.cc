// The published cases of transparency-dev/merkle, most of which must be
// refused. They are no part of this project: PSM_MERKLE_VECTORS names the
// folder.
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "gtest/gtest.h"
#include "mesh/base/durable_file.h"
#include "mesh/base/status_macros.h"
#include "mesh/records/tlog/proof.h"
#include "nlohmann/json.hpp"

namespace psm::tlog {
namespace {

constexpr int kPublishedCases = 196;

absl::StatusOr<Hash> HashIn(const nlohmann::json& value) {
  std::string bytes;
  if (!absl::Base64Unescape(value.get<std::string>(), &bytes))
    return absl::InvalidArgumentError("not base64");
  return HashFromBytes(bytes);
}

// Where any root would do, some cases write words instead of 32 bytes. Equal
// words stay equal, and others differ.
absl::StatusOr<Hash> RootIn(const nlohmann::json& value) {
  const absl::StatusOr<Hash> hash = HashIn(value);
  return hash.ok() ? hash : LeafHash(value.get<std::string>());
}

absl::StatusOr<std::vector<Hash>> ProofIn(const nlohmann::json& value) {
  std::vector<Hash> proof;
  if (value.is_null()) return proof;
  for (const nlohmann::json& item : value) {
    PSM_ASSIGN_OR_RETURN(const Hash hash, HashIn(item));
    proof.push_back(hash);
  }
  return proof;
}

absl::Status VerifyCase(const nlohmann::json& value, bool inclusion) {
  PSM_ASSIGN_OR_RETURN(const std::vector<Hash> proof,
                       ProofIn(value.at("proof")));
  if (inclusion) {
    PSM_ASSIGN_OR_RETURN(const Hash leaf, HashIn(value.at("leafHash")));
    PSM_ASSIGN_OR_RETURN(const Hash root, RootIn(value.at("root")));
    return VerifyInclusion(value.at("leafIdx").get<std::uint64_t>(),
                           value.at("treeSize").get<std::uint64_t>(), leaf,
                           proof, root);
  }
  PSM_ASSIGN_OR_RETURN(const Hash old_root, RootIn(value.at("root1")));
  PSM_ASSIGN_OR_RETURN(const Hash new_root, RootIn(value.at("root2")));
  return VerifyConsistency(value.at("size1").get<std::uint64_t>(),
                           value.at("size2").get<std::uint64_t>(), old_root,
                           new_root, proof);
}

TEST(MerkleVectorsTest, EveryPublishedCaseEndsAsItSays) {
  const char* const folder = std::getenv("PSM_MERKLE_VECTORS");
  ASSERT_NE(folder, nullptr)
      << "PSM_MERKLE_VECTORS must name the folder of the published vectors";
  ASSERT_TRUE(std::filesystem::is_directory(folder))
      << "there is no folder of published vectors at " << folder;
  int accepted = 0;
  int refused = 0;
  for (const auto& entry :
       std::filesystem::recursive_directory_iterator(folder)) {
    const std::string file = entry.path().string();
    if (entry.path().extension() != ".json") continue;
    SCOPED_TRACE(file);
    const bool inclusion = absl::StrContains(file, "/inclusion/");
    ASSERT_TRUE(inclusion || absl::StrContains(file, "/consistency/"));
    const auto text = ReadFile(file);
    ASSERT_TRUE(text.ok()) << text.status();
    const nlohmann::json value = nlohmann::json::parse(*text);
    const absl::Status status = VerifyCase(value, inclusion);
    const bool want_error = value.at("wantErr").get<bool>();
    EXPECT_EQ(status.ok(), !want_error)
        << value.at("desc").get<std::string>() << ": " << status;
    ++(want_error ? refused : accepted);
  }
  EXPECT_GE(accepted + refused, kPublishedCases);
  // The whole set is of both kinds.
  EXPECT_GT(accepted, 0);
  EXPECT_GT(refused, accepted);
}

}  // namespace
}  // namespace psm::tlog
