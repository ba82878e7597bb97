// Publishes a log for check_log.go, which reads it with other people's code:
//   publish_log FOLDER [PROGRAM [ARGUMENT...]]
// FOLDER/log is what a web server would serve; FOLDER/checkpoints/N every
// checkpoint that was published, log.vkey and witness.vkey the keys, and
// FOLDER/proofs proofs of our own, one a line:
//   record SIZE INDEX [HASH...]
//   tree SIZE OLD_SIZE [HASH...]
// Then it serves FOLDER/log over HTTP, runs the program with the address as its
// last argument, and ends as that does.
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "mesh/base/clock.h"
#include "mesh/base/durable_file.h"
#include "mesh/base/status_macros.h"
#include "mesh/records/tlog/note_text.h"
#include "mesh/records/tlog/proof.h"
#include "mesh/records/tlog/tile_folder.h"
#include "mesh/records/tlog/tile_reader.h"
#include "mesh/web/http_server.h"
#include "mesh/web/log_files.h"

namespace psm::tlog {
namespace {

constexpr char kOrigin[] = "psm.test/gotlog";

// Sizes at which tiles begin, fill and overflow on the levels 0, 1 and 2.
constexpr std::uint64_t kSizes[] = {0,   1,   2,     255,   256,   257,
                                    300, 512, 65535, 65536, 65537, 70000};

absl::Status Write(const std::string& file, absl::string_view text) {
  return WriteWholeFile(file, text, kPublic, Outlives::kProcess);
}

// From nothing to 699 bytes, no two alike.
std::string EntryNumber(std::uint64_t index) {
  if (index == 0) return "";
  return absl::StrCat(
      index, ":",
      std::string(index * 37 % 690, static_cast<char>(index * 31 % 256)));
}

void AppendProof(absl::string_view kind, std::uint64_t size, std::uint64_t what,
                 const std::vector<Hash>& proof, std::string& out) {
  absl::StrAppend(&out, kind, " ", size, " ", what);
  for (const Hash& hash : proof)
    absl::StrAppend(&out, " ", EncodeBase64(AsBytes(hash)));
  out.push_back('\n');
}

absl::Status WriteProofs(const std::string& folder) {
  FolderSource source(folder + "/log");
  std::string lines;
  for (std::uint64_t size : kSizes) {
    if (size == 0) continue;
    TileReader reader(source, size);
    for (std::uint64_t other : kSizes) {
      if (other == 0 || other > size) continue;
      PSM_ASSIGN_OR_RETURN(const auto tree,
                           ProveConsistency(other, size, reader));
      AppendProof("tree", size, other, tree, lines);
      PSM_ASSIGN_OR_RETURN(const auto record,
                           ProveInclusion(other - 1, size, reader));
      AppendProof("record", size, other - 1, record, lines);
    }
  }
  return Write(folder + "/proofs", lines);
}

absl::Status Publish(const std::string& folder) {
  SystemClock clock;
  PSM_ASSIGN_OR_RETURN(auto log_key, Ed25519Key::Generate());
  PSM_ASSIGN_OR_RETURN(const NoteSigner log,
                       NoteSigner::Make(kOrigin, std::move(log_key)));
  PSM_ASSIGN_OR_RETURN(auto witness_key, Ed25519Key::Generate());
  PSM_ASSIGN_OR_RETURN(
      const Cosigner witness,
      Cosigner::Make("psm.test/witness", std::move(witness_key)));
  PSM_RETURN_IF_ERROR(MakeFolder(folder + "/checkpoints", Outlives::kProcess));
  PSM_RETURN_IF_ERROR(
      Write(folder + "/log.vkey", log.verifier().ToText() + "\n"));
  PSM_RETURN_IF_ERROR(
      Write(folder + "/witness.vkey", witness.verifier().ToText() + "\n"));
  PSM_ASSIGN_OR_RETURN(const auto tiles,
                       TileFolder::Open(folder + "/log", log.verifier()));
  for (std::uint64_t size : kSizes) {
    std::vector<std::string> entries;
    for (std::uint64_t i = tiles->size(); i < size; ++i)
      entries.push_back(EntryNumber(i));
    PSM_RETURN_IF_ERROR(tiles->Add(entries));
    Checkpoint head;
    head.origin = kOrigin;
    head.size = size;
    head.root = tiles->root();
    PSM_ASSIGN_OR_RETURN(SignedCheckpoint checkpoint,
                         SignedCheckpoint::Make(head, log));
    PSM_ASSIGN_OR_RETURN(const NoteSignature cosignature,
                         witness.Sign(checkpoint.note().text, clock.Now()));
    PSM_RETURN_IF_ERROR(
        checkpoint.AddCosignature(cosignature, witness.verifier()));
    PSM_RETURN_IF_ERROR(tiles->Publish(checkpoint));
    PSM_RETURN_IF_ERROR(Write(absl::StrCat(folder, "/checkpoints/", size),
                              checkpoint.ToText()));
  }
  return WriteProofs(folder);
}

absl::Status ServeTo(const std::string& folder, std::vector<char*> command) {
  PSM_ASSIGN_OR_RETURN(std::string vkey, ReadFile(folder + "/log.vkey"));
  vkey.pop_back();  // the line feed
  PSM_ASSIGN_OR_RETURN(const VerifierKey log, VerifierKey::FromText(vkey));
  PSM_ASSIGN_OR_RETURN(
      const auto server,
      web::HttpServer::Start(
          {}, [files = std::make_shared<web::LogFiles>(folder + "/log", log)](
                  const web::HttpRequest& request) {
            return files->Answer(request);
          }));
  std::string url = absl::StrCat("http://", server->endpoint(), "/");
  command.push_back(url.data());
  command.push_back(nullptr);
  const pid_t child = fork();
  if (child == 0) {
    execv(command.front(), command.data());
    _exit(127);
  }
  int ended = 0;
  if (child < 0 || waitpid(child, &ended, 0) != child || ended != 0)
    return absl::AbortedError(absl::StrCat(command.front(), " failed"));
  return absl::OkStatus();
}

}  // namespace
}  // namespace psm::tlog

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: publish_log FOLDER [PROGRAM [ARGUMENT...]]\n");
    return 64;
  }
  absl::Status done = psm::tlog::Publish(argv[1]);
  if (done.ok() && argc > 2)
    done = psm::tlog::ServeTo(argv[1], {argv + 2, argv + argc});
  if (done.ok()) return 0;
  std::fprintf(stderr, "%s\n", done.ToString().c_str());
  return EXIT_FAILURE;
}
