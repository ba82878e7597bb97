// Whom this file trusts: whoever can read it can name every person to every
// agency; whoever can write it can make all codes unreadable. So it is its
// owner's alone, and never overwritten.
#include <fcntl.h>
#include <openssl/crypto.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "mesh/base/status_macros.h"
#include "mesh/crypto/digest.h"
#include "mesh/subjects/subject_code.h"

namespace psm {
namespace {

constexpr std::size_t kKeySize = 32;                 // bytes
constexpr std::size_t kFileSize = 2 * kKeySize + 1;  // digits and line feed

absl::Status Failed(absl::string_view what, const std::string& file) {
  const int error = errno;
  return absl::ErrnoToStatus(error, absl::StrCat("cannot ", what, " ", file));
}

absl::Status Malformed(const std::string& file) {
  return absl::InvalidArgumentError(
      absl::StrCat(file,
                   " is not a master key: it must hold 64 hexadecimal digits "
                   "and a line feed; restore it from its backup"));
}

// Writes all of `bytes` to a new file at `path`, down to the disk.
absl::Status WriteNew(const std::string& path, absl::string_view bytes) {
  const int fd =
      open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0) return Failed("make", path);
  const auto closing = absl::MakeCleanup([fd] { close(fd); });
  // 65 bytes go down in one write or not at all.
  if (write(fd, bytes.data(), bytes.size()) !=
          static_cast<ssize_t>(bytes.size()) ||
      fsync(fd) != 0) {
    return Failed("write", path);
  }
  return absl::OkStatus();
}

absl::Status SyncFolderOf(const std::string& file) {
  const std::size_t slash = file.rfind('/');
  const std::string folder =
      slash == std::string::npos ? "." : file.substr(0, slash + 1);
  const int fd = open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return Failed("open", folder);
  const auto closing = absl::MakeCleanup([fd] { close(fd); });
  if (fsync(fd) != 0) return Failed("sync", folder);
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<SecretBytes> ReadMasterKey(const std::string& file) {
  const int fd = open(file.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return Failed("open", file);
  const auto closing = absl::MakeCleanup([fd] { close(fd); });
  struct stat status;
  if (fstat(fd, &status) != 0) return Failed("look at", file);
  if ((status.st_mode & 077) != 0) {
    return absl::FailedPreconditionError(absl::StrCat(
        "others may read or write ", file, "; run: chmod 600 ", file));
  }
  char text[kFileSize + 1];  // one more, to see that the file ends
  const auto wiping =
      absl::MakeCleanup([&text] { OPENSSL_cleanse(text, sizeof(text)); });
  const ssize_t size = read(fd, text, sizeof(text));
  if (size < 0) return Failed("read", file);
  if (size != static_cast<ssize_t>(kFileSize) || text[kFileSize - 1] != '\n') {
    return Malformed(file);
  }
  const absl::string_view digits(text, kFileSize - 1);
  for (const char c : digits) {
    if (!absl::ascii_isxdigit(static_cast<unsigned char>(c))) {
      return Malformed(file);
    }
  }
  std::string bytes = absl::HexStringToBytes(digits);
  SecretBytes key(bytes);
  OPENSSL_cleanse(bytes.data(), bytes.size());
  return key;
}

absl::Status CreateMasterKey(const std::string& file) {
  std::string bytes = SystemRandom().Bytes(kKeySize);
  std::string text = absl::StrCat(absl::BytesToHexString(bytes), "\n");
  const auto wiping = absl::MakeCleanup([&] {
    OPENSSL_cleanse(bytes.data(), bytes.size());
    OPENSSL_cleanse(text.data(), text.size());
  });
  // Complete under another name first, then linked: link(2) never replaces, so
  // neither a race nor a crash leaves half a key under the name, nor loses one.
  const std::string partial = absl::StrCat(file, ".", NewUuid(SystemRandom()));
  const auto removing =
      absl::MakeCleanup([&partial] { unlink(partial.c_str()); });
  PSM_RETURN_IF_ERROR(WriteNew(partial, text));
  if (link(partial.c_str(), file.c_str()) != 0) {
    if (errno == EEXIST) {
      return absl::AlreadyExistsError(absl::StrCat(
          file,
          " exists and is not replaced: a new master key would make "
          "every code of every agency unreadable"));
    }
    return Failed("make", file);
  }
  return SyncFolderOf(file);
}

}  // namespace psm
