#include "services/gbizid/password_hasher.h"

#include <cstdint>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace psm::gbizid {
namespace {

// RFC 9106, section 4: a salt of 128 bits, a tag of 256 bits.
constexpr std::size_t kSaltSize = 16;
constexpr std::size_t kTagSize = 32;

// Base64 without padding, as the reference implementation writes it.
std::string Base64(absl::string_view bytes) {
  std::string text = absl::Base64Escape(bytes);
  while (!text.empty() && text.back() == '=') text.pop_back();
  return text;
}

std::string Text(const Argon2Cost& cost, absl::string_view salt,
                 absl::string_view tag) {
  return absl::StrCat("$argon2id$v=19$m=", cost.memory_kib, ",t=", cost.passes,
                      ",p=", cost.lanes, "$", Base64(salt), "$", Base64(tag));
}

bool TakeNumber(absl::string_view part, absl::string_view name,
                std::uint32_t* number) {
  return absl::ConsumePrefix(&part, name) && absl::SimpleAtoi(part, number);
}

bool Parse(absl::string_view text, Argon2Cost* cost, std::string* salt,
           std::string* tag) {
  const std::vector<absl::string_view> parts = absl::StrSplit(text, '$');
  if (parts.size() != 6 || !parts[0].empty() || parts[1] != "argon2id" ||
      parts[2] != "v=19")
    return false;
  const std::vector<absl::string_view> costs = absl::StrSplit(parts[3], ',');
  // Bounds, so that a database in other hands cannot have memory run out here.
  return costs.size() == 3 && TakeNumber(costs[0], "m=", &cost->memory_kib) &&
         TakeNumber(costs[1], "t=", &cost->passes) &&
         TakeNumber(costs[2], "p=", &cost->lanes) && cost->lanes >= 1 &&
         cost->lanes <= 16 && cost->passes >= 1 && cost->passes <= 16 &&
         cost->memory_kib >= 8 * cost->lanes &&
         cost->memory_kib <= 1024 * 1024 &&
         absl::Base64Unescape(parts[4], salt) && salt->size() == kSaltSize &&
         absl::Base64Unescape(parts[5], tag) && tag->size() == kTagSize;
}

}  // namespace

PasswordHasher::PasswordHasher(SecretBytes pepper, Random* random,
                               Argon2Cost cost, int at_once)
    : pepper_(std::move(pepper)),
      random_(*random),
      cost_(cost),
      decoy_(Text(cost, random->Bytes(kSaltSize), random->Bytes(kTagSize))),
      room_(at_once) {}

std::string PasswordHasher::Tag(const Argon2Cost& cost,
                                absl::string_view password,
                                absl::string_view salt) {
  {
    MutexLock lock(mu_);
    while (room_ == 0) room_made_.Wait(mu_);
    --room_;
  }
  std::string tag = Argon2id(
      cost, {.password = password, .salt = salt, .secret = pepper_.Reveal()},
      kTagSize);
  {
    MutexLock lock(mu_);
    ++room_;
  }
  room_made_.NotifyOne();
  return tag;
}

std::string PasswordHasher::Hash(absl::string_view password) {
  const std::string salt = random_.Bytes(kSaltSize);
  return Text(cost_, salt, Tag(cost_, password, salt));
}

bool PasswordHasher::Verify(absl::string_view password,
                            absl::string_view kept) {
  Argon2Cost cost;
  std::string salt, tag;
  return Parse(kept, &cost, &salt, &tag) &&
         EqualInConstantTime(Tag(cost, password, salt), tag);
}

}  // namespace psm::gbizid
