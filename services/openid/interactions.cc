#include "services/openid/interactions.h"

#include <utility>

#include "mesh/base/secret.h"
#include "mesh/crypto/base32.h"
#include "services/openid/jws.h"

namespace psm::openid {
namespace {

constexpr std::size_t kIdBytes = 16;
constexpr std::size_t kSecretBytes = 32;

}  // namespace

Ticket Interactions::NewSecrets(const std::string& id, Open* open) const {
  Ticket ticket{id, Base64Url(random_->Bytes(kSecretBytes)),
                Base64Url(random_->Bytes(kSecretBytes))};
  open->cookie_hash = Sha256(ticket.cookie);
  open->form = ticket.form;
  open->taken = false;
  return ticket;
}

void Interactions::Expire() {
  const absl::Duration now = clock_->Monotonic();
  while (!order_.empty()) {
    const auto oldest = open_.find(order_.front());
    if (oldest != open_.end() && oldest->second.expire > now &&
        order_.size() <= max_open_)
      return;
    if (oldest != open_.end()) open_.erase(oldest);
    order_.pop_front();
  }
}

Ticket Interactions::Begin(Interaction interaction) {
  const std::string id = Base32Encode(random_->Bytes(kIdBytes));
  Open open;
  open.interaction = std::move(interaction);
  open.expire = clock_->Monotonic() + kInteractionLife;
  Ticket ticket = NewSecrets(id, &open);
  MutexLock lock(mu_);
  open_[id] = std::move(open);
  order_.push_back(id);
  Expire();
  return ticket;
}

Interactions::Open* Interactions::Find(const std::string& id,
                                       absl::string_view cookie) {
  Expire();
  const auto found = open_.find(id);
  if (found == open_.end() || found->second.taken ||
      found->second.expire <= clock_->Monotonic() ||
      !EqualInConstantTime(Sha256(cookie), found->second.cookie_hash))
    return nullptr;
  return &found->second;
}

std::optional<Interaction> Interactions::Take(const Ticket& ticket) {
  MutexLock lock(mu_);
  Open* const open = Find(ticket.id, ticket.cookie);
  if (open == nullptr || !EqualInConstantTime(ticket.form, open->form))
    return std::nullopt;
  open->taken = true;
  return std::move(open->interaction);
}

std::optional<Ticket> Interactions::PutBack(const std::string& id,
                                            Interaction interaction) {
  MutexLock lock(mu_);
  Expire();
  const auto found = open_.find(id);
  if (found == open_.end() || !found->second.taken) return std::nullopt;
  found->second.interaction = std::move(interaction);
  return NewSecrets(id, &found->second);
}

std::optional<Interactions::Seen> Interactions::Look(const std::string& id,
                                                     absl::string_view cookie) {
  MutexLock lock(mu_);
  const Open* const open = Find(id, cookie);
  if (open == nullptr) return std::nullopt;
  return Seen{open->interaction, open->form};
}

void Interactions::SetLanguage(const std::string& id, absl::string_view cookie,
                               Language language) {
  MutexLock lock(mu_);
  Open* const open = Find(id, cookie);
  if (open != nullptr) open->interaction.language = language;
}

}  // namespace psm::openid
