// Why a code cannot be forged or carried over: AES under the scope's key is a
// pseudorandom permutation of 128-bit blocks of which only those that end in 48
// zero bits are codes of somebody. Whoever lacks the key can do no better than
// guess, and one guess hits with probability 2^-48. Text and block are one to
// one (base32 has no second spelling), so equal persons have equal codes and
// nothing else has.
#include "mesh/subjects/subject_code.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "mesh/base/error.h"
#include "mesh/base/status_macros.h"
#include "mesh/crypto/base32.h"
#include "mesh/crypto/digest.h"
#include "mesh/crypto/openssl_ptr.h"

namespace psm {
namespace {

constexpr std::size_t kKeySize = 32;    // bytes, AES-256
constexpr std::size_t kBlockSize = 16;  // bytes
using Block = std::array<unsigned char, kBlockSize>;

absl::string_view LabelOf(SubjectScopeKind kind) {
  switch (kind) {
    case SubjectScopeKind::kAgency:
      return "psm subject code";
    case SubjectScopeKind::kRelyingParty:
      return "psm relying party sub";
    case SubjectScopeKind::kRecords:
      return "psm records code";
  }
  return "";
}

constexpr char kEnrolmentLabel[] = "psm enrolment";

// Each part with its length before it (32 bits, big-endian), so that no two
// lists of parts give the same bytes.
std::string LengthPrefixed(std::initializer_list<absl::string_view> parts) {
  std::string bytes;
  for (const absl::string_view part : parts) {
    const auto size = static_cast<std::uint32_t>(part.size());
    for (int shift = 24; shift >= 0; shift -= 8) {
      bytes.push_back(static_cast<char>((size >> shift) & 0xff));
    }
    absl::StrAppend(&bytes, part);
  }
  return bytes;
}

absl::Status InvalidCode() {
  return MakeError(absl::StatusCode::kInvalidArgument, "SUBJECT_CODE_INVALID",
                   Party::kConsumer,
                   "the subject code is not one of this agency's; use the code "
                   "the mesh gave to it");
}

}  // namespace

absl::StatusOr<PersonNumber> PersonNumber::FromBytes(absl::string_view bytes) {
  if (bytes.size() != kSize) {
    return absl::InvalidArgumentError("a person number has 10 bytes");
  }
  PersonNumber number;
  std::copy(bytes.begin(), bytes.end(), number.bytes_.begin());
  return number;
}

// One block at a time is all this does, so ECB is the bare permutation.
struct SubjectScope::Cipher {
  explicit Cipher(const SecretBytes& key) {
    static EVP_CIPHER* const aes =
        EVP_CIPHER_fetch(nullptr, "AES-256-ECB", nullptr);
    CheckOpenSsl(aes != nullptr && encryption != nullptr &&
                     decryption != nullptr && key.size() == kKeySize,
                 "AES-256-ECB");
    const unsigned char* bytes = Bytes(key.Reveal());
    CheckOpenSsl(EVP_EncryptInit_ex2(encryption.get(), aes, bytes, nullptr,
                                     nullptr) == 1 &&
                     EVP_DecryptInit_ex2(decryption.get(), aes, bytes, nullptr,
                                         nullptr) == 1,
                 "the key of a scope");
    EVP_CIPHER_CTX_set_padding(encryption.get(), 0);
    EVP_CIPHER_CTX_set_padding(decryption.get(), 0);
  }

  // Without padding a whole block comes out at once and nothing is kept, so the
  // context is ready for the next.
  static Block Transform(EVP_CIPHER_CTX* context, const Block& in) {
    Block out;
    int size = 0;
    CheckOpenSsl(EVP_CipherUpdate(context, out.data(), &size, in.data(),
                                  kBlockSize) == 1 &&
                     size == static_cast<int>(kBlockSize),
                 "AES");
    return out;
  }

  const OpenSslPtr<EVP_CIPHER_CTX> encryption{EVP_CIPHER_CTX_new()};
  const OpenSslPtr<EVP_CIPHER_CTX> decryption{EVP_CIPHER_CTX_new()};
};

SubjectScope::SubjectScope(std::unique_ptr<Cipher> cipher)
    : cipher_(std::move(cipher)) {}

SubjectScope::~SubjectScope() = default;

std::string SubjectScope::Encode(const PersonNumber& person) {
  Block block{};
  const absl::string_view number = person.RevealForEncoding();
  std::copy(number.begin(), number.end(), block.begin());
  const Block sealed = Cipher::Transform(cipher_->encryption.get(), block);
  return Base32Encode(absl::string_view(
      reinterpret_cast<const char*>(sealed.data()), sealed.size()));
}

absl::StatusOr<PersonNumber> SubjectScope::Decode(absl::string_view code) {
  if (code.size() != kSubjectCodeSize) return InvalidCode();
  const std::optional<std::string> bytes = Base32Decode(code);
  if (!bytes.has_value() || bytes->size() != kBlockSize) return InvalidCode();
  Block sealed;
  std::copy(bytes->begin(), bytes->end(), sealed.begin());
  const Block block = Cipher::Transform(cipher_->decryption.get(), sealed);
  unsigned char redundancy = 0;
  for (std::size_t i = PersonNumber::kSize; i < kBlockSize; ++i) {
    redundancy |= block[i];
  }
  if (redundancy != 0) return InvalidCode();
  return PersonNumber::FromBytes(absl::string_view(
      reinterpret_cast<const char*>(block.data()), PersonNumber::kSize));
}

struct SubjectScopes::State {
  SecretBytes master_key;
  SecretBytes enrolment_key;
  // By kind and agency; nested so that looking one up copies no string.
  std::array<absl::flat_hash_map<std::string, std::unique_ptr<SubjectScope>>, 3>
      scopes;
};

SubjectScopes::SubjectScopes(std::unique_ptr<State> state)
    : state_(std::move(state)) {}

SubjectScopes::~SubjectScopes() = default;

absl::StatusOr<std::unique_ptr<SubjectScopes>> SubjectScopes::Create(
    const SecretBytes& master_key) {
  if (master_key.size() != kKeySize) {
    return absl::InvalidArgumentError("a subject master key has 32 bytes");
  }
  auto state = std::make_unique<State>();
  state->master_key = SecretBytes(master_key.Reveal());
  state->enrolment_key =
      HkdfSha256(master_key, LengthPrefixed({kEnrolmentLabel}), kKeySize);
  return std::unique_ptr<SubjectScopes>(new SubjectScopes(std::move(state)));
}

SubjectScope& SubjectScopes::For(SubjectScopeKind kind,
                                 absl::string_view agency) {
  auto& scopes = state_->scopes[static_cast<std::size_t>(kind)];
  const auto found = scopes.find(agency);
  if (found != scopes.end()) return *found->second;
  const SecretBytes key = HkdfSha256(
      state_->master_key, LengthPrefixed({LabelOf(kind), agency}), kKeySize);
  std::unique_ptr<SubjectScope> scope(
      new SubjectScope(std::make_unique<SubjectScope::Cipher>(key)));
  return *scopes.emplace(std::string(agency), std::move(scope)).first->second;
}

PersonNumber SubjectScopes::Enrol(absl::string_view agency,
                                  absl::string_view exchange_id) {
  const std::string mac =
      HmacSha256(state_->enrolment_key, LengthPrefixed({agency, exchange_id}));
  absl::StatusOr<PersonNumber> number = PersonNumber::FromBytes(
      absl::string_view(mac).substr(0, PersonNumber::kSize));
  return *number;  // the size is right by construction
}

}  // namespace psm
