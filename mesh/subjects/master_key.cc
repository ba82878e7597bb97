// Whom this file trusts: whoever can read it can name every person to every
// agency; whoever can write it can make all codes unreadable. So it is its
// owner's alone, and never overwritten.
#include <openssl/crypto.h>

#include <string>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "mesh/base/durable_file.h"
#include "mesh/base/status_macros.h"
#include "mesh/crypto/digest.h"
#include "mesh/subjects/subject_code.h"

namespace psm {
namespace {

constexpr std::size_t kMasterKeySize = 32;  // bytes
constexpr std::size_t kFileSize =
    2 * kMasterKeySize + 1;  // digits and line feed

absl::Status Malformed(const std::string& file) {
  return absl::InvalidArgumentError(
      absl::StrCat(file,
                   " is not a master key: it must hold 64 hexadecimal digits "
                   "and a line feed; restore it from its backup"));
}

}  // namespace

absl::StatusOr<SecretBytes> ReadMasterKey(const std::string& file) {
  PSM_ASSIGN_OR_RETURN(std::string text, ReadPrivateFile(file));
  const auto wiping =
      absl::MakeCleanup([&text] { OPENSSL_cleanse(text.data(), text.size()); });
  if (text.size() != kFileSize || text.back() != '\n') return Malformed(file);
  const absl::string_view digits(text.data(), kFileSize - 1);
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
  std::string bytes = SystemRandom().Bytes(kMasterKeySize);
  std::string text = absl::StrCat(absl::BytesToHexString(bytes), "\n");
  const auto wiping = absl::MakeCleanup([&] {
    OPENSSL_cleanse(bytes.data(), bytes.size());
    OPENSSL_cleanse(text.data(), text.size());
  });
  const absl::Status made = CreateWholeFile(file, text, kPrivate);
  if (!absl::IsAlreadyExists(made)) return made;
  return absl::AlreadyExistsError(
      absl::StrCat(file,
                   " exists and is not replaced: a new master key would make "
                   "every code of every agency unreadable"));
}

}  // namespace psm
