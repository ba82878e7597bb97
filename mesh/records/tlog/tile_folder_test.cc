#include "mesh/records/tlog/tile_folder.h"

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "mesh/base/durable_file.h"
#include "mesh/base/temp_folder.h"
#include "mesh/records/tlog/proof.h"
#include "mesh/records/tlog/reference_tree.h"
#include "mesh/records/tlog/tile_reader.h"

namespace psm::tlog {
namespace {

namespace fs = std::filesystem;

NoteSigner PublisherKey(char number = 1) {
  return *NoteSigner::Make(
      "psm.test/log",
      *Ed25519Key::FromRaw(SecretBytes(std::string(32, number))));
}

SignedCheckpoint CheckpointOf(const TileFolder& folder) {
  Checkpoint checkpoint;
  checkpoint.origin = "psm.test/log";
  checkpoint.size = folder.size();
  checkpoint.root = folder.root();
  return *SignedCheckpoint::Make(checkpoint, PublisherKey());
}

std::unique_ptr<TileFolder> Opened(const std::string& folder) {
  auto opened = TileFolder::Open(folder, PublisherKey().verifier());
  EXPECT_TRUE(opened.ok()) << opened.status();
  return *std::move(opened);
}

// Adds SomeEntry's up to `size`.
absl::Status GrowTo(TileFolder& folder, std::uint64_t size) {
  std::vector<std::string> entries;
  for (std::uint64_t i = folder.size(); i < size; ++i)
    entries.push_back(SomeEntry(i));
  return folder.Add(entries);
}

void PublishTo(TileFolder& folder, std::uint64_t size) {
  ASSERT_TRUE(GrowTo(folder, size).ok());
  const absl::Status done = folder.Publish(CheckpointOf(folder));
  ASSERT_TRUE(done.ok()) << done;
}

// What a reader makes of the folder: its checkpoint holds, its tiles have that
// root, its entries those hashes.
void ExpectWhole(const std::string& folder, std::uint64_t size) {
  FolderSource source(folder);
  const auto checkpoint = SignedCheckpoint::Open(*source.Read("checkpoint"),
                                                 PublisherKey().verifier());
  ASSERT_TRUE(checkpoint.ok()) << checkpoint.status();
  ASSERT_EQ(checkpoint->size(), size);
  TileReader reader(source, size);
  const auto frontier = ReadFrontier(size, reader);
  ASSERT_TRUE(frontier.ok()) << frontier.status();
  EXPECT_EQ(frontier->Root(), checkpoint->root());
  for (std::uint64_t index = 0; index * 256 < size; ++index) {
    const auto entries = reader.Entries(index);
    ASSERT_TRUE(entries.ok()) << entries.status();
    for (std::size_t i = 0; i < entries->size(); ++i) {
      ASSERT_EQ((*entries)[i], SomeEntry(index * 256 + i));
      ASSERT_EQ(*reader.Node(0, index * 256 + i), LeafHash((*entries)[i]));
    }
  }
}

std::vector<std::string> FilesOf(const std::string& folder) {
  std::vector<std::string> files;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file())
      files.push_back(fs::relative(entry.path(), folder).string());
  }
  std::sort(files.begin(), files.end());
  return files;
}

TEST(TileFolderTest, EveryPublishedTreeCanBeReadWhole) {
  const TempFolder temp;
  const std::string path = temp.File("deep/log");
  for (std::uint64_t size :
       {0u, 1u, 2u, 255u, 256u, 257u, 511u, 512u, 700u, 1025u, 1300u}) {
    // As if the process began anew each time.
    const auto folder = Opened(path);
    PublishTo(*folder, size);
    ExpectWhole(path, size);
  }
}

TEST(TileFolderTest, HasTheFilesOfTheSpecificationAndNoOthers) {
  const TempFolder temp;
  const auto folder = Opened(temp.File("log"));
  PublishTo(*folder, 100);
  PublishTo(*folder, 260);
  PublishTo(*folder, 300);
  EXPECT_EQ(FilesOf(temp.File("log")),
            std::vector<std::string>(
                {"checkpoint", "tile/0/000", "tile/0/001.p/4",
                 "tile/0/001.p/44", "tile/1/000.p/1", "tile/entries/000",
                 "tile/entries/001.p/4", "tile/entries/001.p/44"}));
  PublishTo(*folder, 512);
  EXPECT_EQ(FilesOf(temp.File("log")),
            std::vector<std::string>({"checkpoint", "tile/0/000", "tile/0/001",
                                      "tile/1/000.p/1", "tile/1/000.p/2",
                                      "tile/entries/000", "tile/entries/001"}));
}

TEST(TileFolderTest, ServesTheWorldWhateverTheUmask) {
  const TempFolder temp;
  const mode_t before = umask(077);
  {
    const auto folder = Opened(temp.File("log"));
    PublishTo(*folder, 257);
  }
  umask(before);
  for (const auto& entry : fs::recursive_directory_iterator(temp.File("log"))) {
    EXPECT_EQ(static_cast<unsigned>(entry.status().permissions()),
              entry.is_directory() ? 0755u : 0644u)
        << entry.path();
  }
  EXPECT_EQ(temp.Mode("log"), 0755u);
}

TEST(TileFolderTest, AFullTileIsNeverWrittenAgain) {
  const TempFolder temp;
  const auto folder = Opened(temp.File("log"));
  const auto inodes = [&] {
    std::map<std::string, ino_t> found;
    for (const std::string& file : FilesOf(temp.File("log"))) {
      struct stat status;
      EXPECT_EQ(stat(temp.File("log/" + file).c_str(), &status), 0);
      if (!absl::StrContains(file, ".p/") && file != "checkpoint")
        found[file] = status.st_ino;
    }
    return found;
  };
  PublishTo(*folder, 600);
  const auto first = inodes();
  EXPECT_EQ(first.size(), 4u);
  PublishTo(*folder, 900);
  PublishTo(*Opened(temp.File("log")), 1200);
  const auto second = inodes();
  for (const auto& [file, inode] : first) EXPECT_EQ(second.at(file), inode);
}

TEST(TileFolderTest, WhatIsNotPublishedDoesNotCountAndIsMadeAnew) {
  const TempFolder temp;
  const std::string path = temp.File("log");
  PublishTo(*Opened(path), 300);
  // Dies after 1000 more; a power cut spoils one of the tiles it had written.
  ASSERT_TRUE(GrowTo(*Opened(path), 1300).ok());
  ExpectWhole(path, 300);
  temp.Write("log/tile/0/002", "torn");
  temp.Write("log/tile/entries/003", "");
  temp.Write("log/tile/0/004.p/7", "of an earlier try");
  const auto folder = Opened(path);
  EXPECT_EQ(folder->size(), 300u);
  PublishTo(*folder, 1280);
  ExpectWhole(path, 1280);
  EXPECT_FALSE(fs::exists(temp.File("log/tile/0/004.p")));
}

// As a power cut leaves them: written for a tree that was never signed.
TEST(TileFolderTest, PartialTilesThatNobodySignedGo) {
  const TempFolder temp;
  const std::string path = temp.File("log");
  PublishTo(*Opened(path), 200);
  const auto spoil = [&](const std::string& tile) {
    fs::create_directories(fs::path(path + "/tile/" + tile).parent_path());
    ASSERT_TRUE(WriteWholeFile(path + "/tile/" + tile, "spoilt", kPublic,
                               Outlives::kProcess)
                    .ok());
  };
  spoil("0/000.p/233");
  spoil("entries/000.p/233");
  PublishTo(*Opened(path), 241);
  ExpectWhole(path, 241);
  EXPECT_EQ(FilesOf(path),
            (std::vector<std::string>{
                "checkpoint", "tile/0/000.p/200", "tile/0/000.p/241",
                "tile/entries/000.p/200", "tile/entries/000.p/241"}));
  // Also of tiles that the published tree has not begun.
  spoil("0/001.p/7");
  spoil("1/000.p/1");
  PublishTo(*Opened(path), 256 + 5);
  ExpectWhole(path, 256 + 5);
  EXPECT_FALSE(fs::exists(path + "/tile/0/001.p/7"));
}

TEST(TileFolderTest, AReaderOfAnOlderCheckpointFindsItsTree) {
  const TempFolder temp;
  const auto folder = Opened(temp.File("log"));
  PublishTo(*folder, 300);
  const Hash root = folder->root();
  PublishTo(*folder, 70000);  // 001.p is gone, and level 1 has grown full
  FolderSource source(temp.File("log"));
  TileReader reader(source, 300);
  EXPECT_EQ(ReadFrontier(300, reader)->Root(), root);
  EXPECT_EQ(reader.Entries(1)->size(), 44u);
  TileReader all(source, 70000);
  const auto proof = ProveConsistency(300, 70000, all);
  ASSERT_TRUE(proof.ok()) << proof.status();
  EXPECT_TRUE(VerifyConsistency(300, 70000, root, folder->root(), *proof).ok());
  for (std::uint64_t index : {0u, 255u, 256u, 65535u, 65536u, 69999u}) {
    const auto path = ProveInclusion(index, 70000, all);
    ASSERT_TRUE(path.ok()) << path.status();
    EXPECT_TRUE(VerifyInclusion(index, 70000, LeafHash(SomeEntry(index)), *path,
                                folder->root())
                    .ok());
  }
}

TEST(TileFolderTest, PublishesOnlyTheTreeItHas) {
  const TempFolder temp;
  const auto folder = Opened(temp.File("log"));
  PublishTo(*folder, 5);
  const SignedCheckpoint five = CheckpointOf(*folder);
  ASSERT_TRUE(GrowTo(*folder, 6).ok());
  const auto invalid = absl::StatusCode::kInvalidArgument;
  EXPECT_EQ(folder->Publish(five).code(), invalid);
  Checkpoint other = CheckpointOf(*folder).checkpoint();
  other.root = LeafHash("another tree");
  EXPECT_EQ(
      folder->Publish(*SignedCheckpoint::Make(other, PublisherKey())).code(),
      invalid);
  EXPECT_EQ(folder->published()->size(), 5u);
  ExpectWhole(temp.File("log"), 5);
  // Cosignatures come later, for the same tree.
  SignedCheckpoint six = CheckpointOf(*folder);
  EXPECT_TRUE(folder->Publish(six).ok());
  const auto witness = *Cosigner::Make(
      "w", *Ed25519Key::FromRaw(SecretBytes(std::string(32, 'w'))));
  ASSERT_TRUE(six.AddCosignature(
                     *witness.Sign(six.note().text, absl::FromUnixSeconds(1)),
                     witness.verifier())
                  .ok());
  EXPECT_TRUE(folder->Publish(six).ok());
  EXPECT_EQ(temp.Read("log/checkpoint"), six.ToText());
  ExpectWhole(temp.File("log"), 6);
}

TEST(TileFolderTest, TwoWritersDoNotMix) {
  const TempFolder temp;
  const auto one = Opened(temp.File("log"));
  const auto two = Opened(temp.File("log"));
  PublishTo(*one, 5);
  ASSERT_TRUE(GrowTo(*two, 4).ok());
  EXPECT_EQ(two->Publish(CheckpointOf(*two)).code(),
            absl::StatusCode::kAborted);
  EXPECT_EQ(two->Publish(CheckpointOf(*two)).code(),
            absl::StatusCode::kFailedPrecondition);
  EXPECT_FALSE(two->Add({"more"}).ok());
  ExpectWhole(temp.File("log"), 5);
}

TEST(TileFolderTest, ADamagedEdgeIsNotGrownFrom) {
  const TempFolder good;
  PublishTo(*Opened(good.File("log")), 600);
  for (const char* file : {"tile/0/000", "tile/0/002.p/88", "tile/1/000.p/2",
                           "tile/entries/002.p/88"}) {
    for (const char* damage : {"remove", "cut", "longer", "flip"}) {
      const TempFolder temp;
      const std::string name = absl::StrCat("log/", file);
      fs::copy(good.File("log"), temp.File("log"), fs::copy_options::recursive);
      std::string bytes = temp.Read(name);
      ASSERT_NE(bytes, "") << file;
      if (absl::string_view(damage) == "cut") bytes.pop_back();
      if (absl::string_view(damage) == "longer") bytes.push_back('x');
      if (absl::string_view(damage) == "flip")
        bytes[40] = static_cast<char>(bytes[40] ^ 1);
      temp.Write(name, bytes);
      if (absl::string_view(damage) == "remove") fs::remove(temp.File(name));
      const auto opened =
          TileFolder::Open(temp.File("log"), PublisherKey().verifier());
      // A full tile below the edge is read only by who reads it all.
      if (absl::string_view(file) == "tile/0/000") {
        EXPECT_TRUE(opened.ok()) << damage;
        continue;
      }
      EXPECT_EQ(opened.status().code(), absl::StatusCode::kDataLoss)
          << file << " " << damage << ": " << opened.status();
    }
  }
}

TEST(TileFolderTest, AnothersCheckpointIsNotGrownFrom) {
  const TempFolder temp;
  PublishTo(*Opened(temp.File("log")), 3);
  const auto failed = absl::StatusCode::kFailedPrecondition;
  EXPECT_EQ(TileFolder::Open(temp.File("log"), PublisherKey(2).verifier())
                .status()
                .code(),
            failed);
  for (const char* bad : {"", "x", "psm.test/log\n3\n"}) {
    temp.Write("log/checkpoint", bad);
    EXPECT_EQ(TileFolder::Open(temp.File("log"), PublisherKey().verifier())
                  .status()
                  .code(),
              failed);
  }
}

// Publishes 100 entries more at a time until it is killed, a byte through
// `done` for each.
void PublishForever(const std::string& path, int done) {
  auto folder = TileFolder::Open(path, PublisherKey().verifier());
  while (folder.ok() && GrowTo(**folder, (*folder)->size() + 100).ok() &&
         (*folder)->Publish(CheckpointOf(**folder)).ok()) {
    if (write(done, "p", 1) != 1) break;
  }
  _exit(1);
}

TEST(TileFolderTest, AKillAtAnyMomentLeavesAWholeTree) {
  const TempFolder temp;
  const std::string path = temp.File("log");
  std::uint64_t published = 0;
  for (int round = 0; round < 12; ++round) {
    int done[2];
    ASSERT_EQ(pipe(done), 0);
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      close(done[0]);
      PublishForever(path, done[1]);
    }
    close(done[1]);
    char byte;
    ASSERT_EQ(read(done[0], &byte, 1), 1);
    published += 100;
    usleep(static_cast<useconds_t>(round) * 1700);  // another moment each time
    ASSERT_EQ(kill(child, SIGKILL), 0);
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status));
    while (read(done[0], &byte, 1) == 1) published += 100;
    close(done[0]);
    const auto checkpoint = SignedCheckpoint::Open(temp.Read("log/checkpoint"),
                                                   PublisherKey().verifier());
    ASSERT_TRUE(checkpoint.ok()) << checkpoint.status();
    // What was said to be published is; the last one may be without its byte.
    ASSERT_GE(checkpoint->size(), published);
    ASSERT_LE(checkpoint->size(), published + 100);
    published = checkpoint->size();
    ExpectWhole(path, published);
  }
}

// Older files under a newer checkpoint, or an older checkpoint put back over
// newer files: the second is a smaller tree of the same log, which only a
// witness or an old checkpoint can tell.
TEST(TileFolderTest, AnOlderCheckpointPutBackGoesOnConsistently) {
  const TempFolder temp;
  const auto folder = Opened(temp.File("log"));
  PublishTo(*folder, 300);
  const std::string old = temp.Read("log/checkpoint");
  PublishTo(*folder, 700);
  temp.Write("log/checkpoint", old);
  const auto again = Opened(temp.File("log"));
  EXPECT_EQ(again->size(), 300u);
  PublishTo(*again, 800);
  ExpectWhole(temp.File("log"), 800);
}

TEST(TileReaderTest, GivesNothingOutsideItsTreeAndNoTileOfAnotherSize) {
  const TempFolder temp;
  PublishTo(*Opened(temp.File("log")), 300);
  FolderSource source(temp.File("log"));
  TileReader reader(source, 300);
  EXPECT_EQ(reader.Node(0, 299)->size(), 32u);
  EXPECT_TRUE(reader.Node(8, 0).ok());
  for (const auto& [level, index] :
       std::vector<std::pair<int, std::uint64_t>>{{0, 300},
                                                  {1, 150},
                                                  {8, 1},
                                                  {9, 0},
                                                  {62, 0},
                                                  {63, 0},
                                                  {-1, 0},
                                                  {0, ~std::uint64_t{0}}}) {
    EXPECT_EQ(reader.Node(level, index).status().code(),
              absl::StatusCode::kOutOfRange)
        << level << " " << index;
  }
  EXPECT_TRUE(reader.Entries(2)->empty());
  EXPECT_TRUE(reader.Hashes(2, 0)->empty());
  // A tree that the folder does not have.
  TileReader beyond(source, 301);
  EXPECT_EQ(beyond.Node(0, 300).status().code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(beyond.Entries(1).status().code(), absl::StatusCode::kDataLoss);
  temp.Write("log/tile/0/000", std::string(8191, 'x'));
  TileReader fresh(source, 300);
  EXPECT_EQ(fresh.Node(0, 0).status().code(), absl::StatusCode::kDataLoss);
}

}  // namespace
}  // namespace psm::tlog
