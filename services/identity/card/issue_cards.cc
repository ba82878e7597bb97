#include "services/identity/card/issue_cards.h"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <memory>
#include <set>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "google/protobuf/util/json_util.h"
#include "mesh/base/durable_file.h"
#include "mesh/base/japan_time.h"
#include "mesh/base/status_macros.h"
#include "mesh/crypto/signing_key.h"
#include "psm/seed/v1/seed.pb.h"
#include "services/identity/card/card_authority.h"
#include "services/identity/card/issued_file.h"
#include "services/identity/card/virtual_card.h"

namespace psm::card {
namespace {

// A persona's id becomes a file name: nothing that could leave the folder.
bool IsPersonaId(absl::string_view id) {
  return !id.empty() && id.size() <= 64 &&
         std::all_of(id.begin(), id.end(), [](char c) {
           return absl::ascii_islower(static_cast<unsigned char>(c)) ||
                  absl::ascii_isdigit(static_cast<unsigned char>(c)) ||
                  c == '-' || c == '_';
         });
}

absl::StatusOr<std::vector<seed::v1::Persona>> ReadPersonas(
    const std::string& file) {
  PSM_ASSIGN_OR_RETURN(const std::string lines, ReadPrivateFile(file));
  std::vector<seed::v1::Persona> personas;
  int number = 0;
  for (const absl::string_view line : absl::StrSplit(lines, '\n')) {
    ++number;
    if (absl::StripAsciiWhitespace(line).empty()) continue;
    seed::v1::Persona persona;
    if (!google::protobuf::util::JsonStringToMessage(std::string(line),
                                                     &persona)
             .ok() ||
        !IsPersonaId(persona.id())) {
      return absl::InvalidArgumentError(
          absl::StrCat(file, ":", number, ": not a persona"));
    }
    if (!persona.card_serial().empty() && !IsCardSerial(persona.card_serial()))
      return absl::InvalidArgumentError(
          absl::StrCat(file, ":", number, ": not a card serial"));
    personas.push_back(std::move(persona));
  }
  return personas;
}

// What identity's seed says of those who hold `serials`, by serial. No file, no
// holders. Lines of others are not parsed: there may be many.
absl::StatusOr<std::map<std::string, CardItems>> ReadHolders(
    const std::string& file, const std::set<std::string>& serials) {
  std::map<std::string, CardItems> holders;
  absl::StatusOr<std::string> lines = ReadFile(file);
  if (absl::IsNotFound(lines.status())) return holders;
  PSM_RETURN_IF_ERROR(lines.status());
  int number = 0;
  for (const absl::string_view line : absl::StrSplit(*lines, '\n')) {
    ++number;
    if (std::none_of(serials.begin(), serials.end(),
                     [&line](const std::string& serial) {
                       return absl::StrContains(line, serial);
                     }))
      continue;
    seed::v1::CardHolder holder;
    if (!google::protobuf::util::JsonStringToMessage(std::string(line), &holder)
             .ok())
      return absl::InvalidArgumentError(
          absl::StrCat(file, ":", number, ": not a card holder"));
    holders[holder.card_serial()] = {holder.name(), holder.address(),
                                     holder.birth_date(), holder.sex()};
  }
  return holders;
}

// Makes one card: certificates, their lines, the file, in this order.
// Thread-safe.
class Issuer {
 public:
  Issuer(const CardAuthority& authority, std::string authority_folder,
         absl::Time now)
      : authority_(authority),
        authority_folder_(std::move(authority_folder)),
        now_(now) {}

  // `items` null: without a signature certificate.
  absl::Status Issue(const std::string& file, const std::string& serial,
                     const CardItems* items) const {
    PSM_ASSIGN_OR_RETURN(std::unique_ptr<SigningKey> authentication,
                         SigningKey::Generate());
    PSM_ASSIGN_OR_RETURN(std::unique_ptr<SigningKey> signature,
                         SigningKey::Generate());
    const SecretBytes pin(kDemoPin);
    const SecretBytes signature_pin(kDemoSignaturePin);
    std::vector<CardKey> keys(1);
    keys[0].key = authentication.get();
    keys[0].pin = &pin;
    PSM_ASSIGN_OR_RETURN(
        keys[0].certificate_pem,
        authority_.Issue(serial, *authentication, now_, kCardLifetime));
    const absl::CivilDay today = DayInJapan(now_);
    if (items != nullptr &&
        HasTurned(kSignatureAge, items->birth_date, today)) {
      CardKey& key = keys.emplace_back();
      key.kind = CertificateKind::kSignature;
      key.key = signature.get();
      key.pin = &signature_pin;
      PSM_ASSIGN_OR_RETURN(
          key.certificate_pem,
          authority_.IssueSignature(serial, *items, *signature->Public(), now_,
                                    kCardLifetime));
    }
    std::vector<IssuedCertificate> issued;
    for (const CardKey& key : keys) {
      PSM_ASSIGN_OR_RETURN(const std::vector<Certificate> chain,
                           Certificate::ChainFromPem(key.certificate_pem));
      issued.push_back(Issued(chain.front(), key.kind, serial, now_));
    }
    PSM_RETURN_IF_ERROR(AppendIssued(authority_folder_, issued));
    return CreateCard(file, serial, keys);
  }

 private:
  const CardAuthority& authority_;
  const std::string authority_folder_;
  const absl::Time now_;
};

}  // namespace

absl::StatusOr<IssueReport> IssueCards(const std::string& run,
                                       const Clock& clock) {
  PSM_ASSIGN_OR_RETURN(const std::vector<seed::v1::Persona> personas,
                       ReadPersonas(absl::StrCat(run, "/personas.jsonl")));
  const absl::Time now = clock.Now();
  const std::string authority_folder = absl::StrCat(run, "/pki/jpki");
  PSM_ASSIGN_OR_RETURN(std::unique_ptr<CardAuthority> authority,
                       CardAuthority::OpenOrCreate(authority_folder, now));
  const std::string folder = absl::StrCat(run, "/cards");
  PSM_RETURN_IF_ERROR(MakeFolder(folder));

  IssueReport report;
  std::map<std::string, std::string> files;  // by serial
  for (const seed::v1::Persona& persona : personas) {
    if (persona.card_serial().empty()) continue;
    const std::string file = absl::StrCat(folder, "/", persona.id(), ".json");
    if (access(file.c_str(), F_OK) == 0) {
      ++report.kept;
    } else {
      files[persona.card_serial()] = file;
    }
  }
  if (files.empty()) return report;
  std::set<std::string> serials;
  for (const auto& [serial, file] : files) serials.insert(serial);
  PSM_ASSIGN_OR_RETURN(
      const auto holders,
      ReadHolders(absl::StrCat(run, "/seeds/identity/identity.jsonl"),
                  serials));
  // To put a key under its PIN takes a twentieth of a second, and every mesh
  // that comes up waits for it.
  const std::vector<std::pair<std::string, std::string>> todo(files.begin(),
                                                              files.end());
  Issuer issuer(*authority, authority_folder, now);
  std::vector<absl::Status> done(todo.size());
  std::atomic<std::size_t> next = 0;
  const auto work = [&] {
    for (std::size_t i = next++; i < todo.size(); i = next++) {
      const auto& [serial, file] = todo[i];
      const auto holder = holders.find(serial);
      done[i] = issuer.Issue(
          file, serial, holder == holders.end() ? nullptr : &holder->second);
    }
  };
  std::vector<std::thread> others(
      std::min(todo.size(), std::size_t{std::clamp(
                                std::thread::hardware_concurrency(), 1u, 8u)}) -
      1);
  for (std::thread& other : others) other = std::thread(work);
  work();
  for (std::thread& other : others) other.join();
  for (const absl::Status& status : done) PSM_RETURN_IF_ERROR(status);
  report.issued = static_cast<int>(todo.size());
  return report;
}

}  // namespace psm::card
