// For tests: a small log in a folder, and the same over HTTP.
#ifndef PSM_MESH_WEB_SERVED_LOG_H_
#define PSM_MESH_WEB_SERVED_LOG_H_

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "mesh/records/tlog/tile_folder.h"
#include "mesh/web/http_server.h"
#include "mesh/web/log_files.h"

namespace psm::web {

// `number` makes the key: another one is another log's, of the same origin.
inline tlog::NoteSigner SignerOf(char number) {
  return *tlog::NoteSigner::Make(
      "psm.test/served",
      *Ed25519Key::FromRaw(SecretBytes(std::string(32, number))));
}

class ServedLog {
 public:
  // In `folder`; `history` is part of every entry.
  explicit ServedLog(std::string folder, std::string history = "one",
                     char key = 1)
      : folder_(std::move(folder)),
        history_(std::move(history)),
        signer_(SignerOf(key)),
        tiles_(*tlog::TileFolder::Open(folder_, signer_.verifier())),
        server_(*HttpServer::Start(
            {}, [files = std::make_shared<LogFiles>(
                     folder_, signer_.verifier())](const HttpRequest& request) {
              return files->Answer(request);
            })) {}

  std::string EntryAt(std::uint64_t index) const {
    return absl::StrCat("entry ", index, " of history ", history_);
  }
  // Publishes the log with this many entries.
  void Grow(std::uint64_t size) {
    std::vector<std::string> entries;
    for (std::uint64_t i = tiles_->size(); i < size; ++i)
      entries.push_back(EntryAt(i));
    ASSERT_TRUE(tiles_->Add(entries).ok());
    tlog::Checkpoint checkpoint;
    checkpoint.origin = signer_.verifier().name();
    checkpoint.size = tiles_->size();
    checkpoint.root = tiles_->root();
    const absl::Status done = tiles_->Publish(
        *tlog::SignedCheckpoint::Make(std::move(checkpoint), signer_));
    ASSERT_TRUE(done.ok()) << done;
  }

  const std::string& folder() const { return folder_; }
  tlog::VerifierKey key() const { return signer_.verifier(); }
  std::string url() const {
    return absl::StrCat("http://", server_->endpoint(), "/");
  }
  const HttpServer& server() const { return *server_; }
  const tlog::TileFolder& tiles() const { return *tiles_; }

 private:
  const std::string folder_;
  const std::string history_;
  const tlog::NoteSigner signer_;
  const std::unique_ptr<tlog::TileFolder> tiles_;
  const std::unique_ptr<HttpServer> server_;
};

}  // namespace psm::web

#endif  // PSM_MESH_WEB_SERVED_LOG_H_
