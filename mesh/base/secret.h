// Bytes that must not leak: wiped when they go, compared in constant time,
// without operator<<.
#ifndef PSM_MESH_BASE_SECRET_H_
#define PSM_MESH_BASE_SECRET_H_

#include <cstddef>
#include <string>

#include "absl/strings/string_view.h"

namespace psm {

// Move-only. Thread-compatible.
class SecretBytes {
 public:
  SecretBytes() = default;
  explicit SecretBytes(absl::string_view bytes)
      : bytes_(bytes.data(), bytes.size()) {}
  SecretBytes(SecretBytes&& other) noexcept;
  SecretBytes& operator=(SecretBytes&& other) noexcept;
  SecretBytes(const SecretBytes&) = delete;
  SecretBytes& operator=(const SecretBytes&) = delete;
  ~SecretBytes();

  std::size_t size() const { return bytes_.size(); }

  // The bytes themselves, for handing to a cryptographic function; never for a
  // log or a message.
  absl::string_view Reveal() const {
    return absl::string_view(bytes_.data(), bytes_.size());
  }

  // Constant time in the contents; lengths are not secret.
  friend bool operator==(const SecretBytes& a, const SecretBytes& b);

 private:
  void Wipe();
  std::string bytes_;
};

// True when `a` and `b` are equal; constant time in the contents.
bool EqualInConstantTime(absl::string_view a, absl::string_view b);

}  // namespace psm

#endif  // PSM_MESH_BASE_SECRET_H_
