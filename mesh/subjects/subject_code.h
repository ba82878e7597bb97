// Subject codes (機関別符号): the name by which one agency, and no other, knows
// one person. Knows nothing of persons but a number.
//
// code = base32(AES-256_K(number || 0^48)), K = HKDF-SHA256(master,
// length-prefixed(label, agency)): encode-then-encipher (Bellare and Rogaway,
// 2000). The 48 zero bits make a forged code, or another agency's, fail with
// probability 1 - 2^-48.
#ifndef PSM_MESH_SUBJECTS_SUBJECT_CODE_H_
#define PSM_MESH_SUBJECTS_SUBJECT_CODE_H_

#include <array>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "mesh/base/secret.h"

namespace psm {

// A person's internal number: 80 bits. Never leaves the gateway; has no text
// form but for encoding and development tools.
class PersonNumber {
 public:
  static constexpr std::size_t kSize = 10;  // bytes

  PersonNumber() = default;  // all zero
  static absl::StatusOr<PersonNumber> FromBytes(
      absl::string_view bytes);  // exactly kSize

  // The bytes, for encoding, enrolment and development tools alone.
  absl::string_view RevealForEncoding() const {
    return absl::string_view(reinterpret_cast<const char*>(bytes_.data()),
                             kSize);
  }

  friend bool operator==(const PersonNumber& a, const PersonNumber& b) {
    return a.bytes_ == b.bytes_;
  }
  friend bool operator<(const PersonNumber& a, const PersonNumber& b) {
    return a.bytes_ < b.bytes_;
  }
  template <typename H>
  friend H AbslHashValue(H h, const PersonNumber& n) {
    return H::combine(std::move(h), n.bytes_);
  }

 private:
  std::array<std::uint8_t, kSize> bytes_{};
};

// Characters of a code's text form: lower-case base32 (RFC 4648 alphabet), 26
// characters, two unused bits that must be zero.
inline constexpr std::size_t kSubjectCodeSize = 26;

// What a scope's codes are for. Each kind derives its keys under a label of its
// own, so codes of different kinds never meet.
enum class SubjectScopeKind {
  kAgency,        // label "psm subject code"
  kRelyingParty,  // label "psm relying party sub": not accepted as a subject
                  // anywhere
  kRecords,  // label "psm records code": the index of records; no agency holds
             // one
};

// Encodes and decodes the codes of one scope. Thread-compatible: a worker has
// its own (the cipher context is reused).
class SubjectScope {
 public:
  ~SubjectScope();
  SubjectScope(const SubjectScope&) = delete;
  SubjectScope& operator=(const SubjectScope&) = delete;

  // The person's code in this scope: 26 characters, the same every time.
  std::string Encode(const PersonNumber& person);

  // The person a code of this scope names. INVALID_ARGUMENT, reason
  // SUBJECT_CODE_INVALID, for anything else: wrong length or alphabet, unused
  // bits set, another scope's code, a forgery. The message does not repeat the
  // code.
  absl::StatusOr<PersonNumber> Decode(absl::string_view code);

 private:
  friend class SubjectScopes;
  struct Cipher;
  explicit SubjectScope(std::unique_ptr<Cipher> cipher);
  std::unique_ptr<Cipher> cipher_;
};

// All scopes of one master key; derives each at its first use.
// Thread-compatible: one for each worker.
class SubjectScopes {
 public:
  // `master_key`: 32 bytes, else INVALID_ARGUMENT.
  static absl::StatusOr<std::unique_ptr<SubjectScopes>> Create(
      const SecretBytes& master_key);
  ~SubjectScopes();

  // The scope of an agency id (or of "" for kRecords). Lives as long as this
  // object.
  SubjectScope& For(SubjectScopeKind kind, absl::string_view agency);

  // The number of a person enrolled by `agency` under an exchange id:
  // HMAC-SHA256 under a key of its own, cut to 80 bits, so that a retry enrols
  // the same person. Unpredictable without the master key.
  PersonNumber Enrol(absl::string_view agency, absl::string_view exchange_id);

 private:
  struct State;
  explicit SubjectScopes(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// Reads a master key file: 64 hexadecimal digits and a line feed, mode 0600 or
// stricter. FAILED_PRECONDITION where others may read it, INVALID_ARGUMENT
// where it is malformed; both name the file and what to do.
absl::StatusOr<SecretBytes> ReadMasterKey(const std::string& file);

// Makes a new master key file with mode 0600, durably. ALREADY_EXISTS rather
// than overwrite one.
absl::Status CreateMasterKey(const std::string& file);

}  // namespace psm

#endif  // PSM_MESH_SUBJECTS_SUBJECT_CODE_H_
