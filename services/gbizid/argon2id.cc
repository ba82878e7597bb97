#include "services/gbizid/argon2id.h"

#include <argon2.h>

#include <cstdio>
#include <cstdlib>

namespace psm::gbizid {
namespace {

// libargon2 takes bytes as writable; without ARGON2_FLAG_CLEAR_PASSWORD and
// ARGON2_FLAG_CLEAR_SECRET it does not write to them.
std::uint8_t* Bytes(absl::string_view text) {
  return reinterpret_cast<std::uint8_t*>(const_cast<char*>(text.data()));
}

}  // namespace

std::string Argon2id(const Argon2Cost& cost, const Argon2Input& input,
                     std::size_t size) {
  std::string tag(size, '\0');
  argon2_context context{};
  context.out = reinterpret_cast<std::uint8_t*>(tag.data());
  context.outlen = static_cast<std::uint32_t>(tag.size());
  context.pwd = Bytes(input.password);
  context.pwdlen = static_cast<std::uint32_t>(input.password.size());
  context.salt = Bytes(input.salt);
  context.saltlen = static_cast<std::uint32_t>(input.salt.size());
  context.secret = Bytes(input.secret);
  context.secretlen = static_cast<std::uint32_t>(input.secret.size());
  context.ad = Bytes(input.associated);
  context.adlen = static_cast<std::uint32_t>(input.associated.size());
  context.t_cost = cost.passes;
  context.m_cost = cost.memory_kib;
  context.lanes = cost.lanes;
  // A sign-in may not take more than one core; the tag does not depend on it.
  context.threads = 1;
  context.version = ARGON2_VERSION_13;
  context.flags = ARGON2_DEFAULT_FLAGS;
  if (const int error = argon2id_ctx(&context); error != ARGON2_OK) {
    std::fprintf(stderr, "argon2id: %s\n", argon2_error_message(error));
    std::abort();
  }
  return tag;
}

}  // namespace psm::gbizid
