#include "services/identity/card/issue_cards.h"

#include <unistd.h>

#include <algorithm>
#include <memory>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "google/protobuf/util/json_util.h"
#include "mesh/base/durable_file.h"
#include "mesh/base/status_macros.h"
#include "mesh/crypto/signing_key.h"
#include "psm/seed/v1/seed.pb.h"
#include "services/identity/card/card_authority.h"
#include "services/identity/card/virtual_card.h"

namespace psm::card {
namespace {

constexpr absl::Duration kCardLifetime = absl::Hours(24 * 1826);  // five years

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

}  // namespace

absl::StatusOr<IssueReport> IssueCards(const std::string& run,
                                       const Clock& clock) {
  PSM_ASSIGN_OR_RETURN(const std::vector<seed::v1::Persona> personas,
                       ReadPersonas(absl::StrCat(run, "/personas.jsonl")));
  const absl::Time now = clock.Now();
  PSM_ASSIGN_OR_RETURN(
      std::unique_ptr<CardAuthority> authority,
      CardAuthority::OpenOrCreate(absl::StrCat(run, "/pki/jpki"), now));
  const std::string folder = absl::StrCat(run, "/cards");
  PSM_RETURN_IF_ERROR(MakeFolder(folder));

  IssueReport report;
  for (const seed::v1::Persona& persona : personas) {
    if (persona.card_serial().empty()) continue;
    const std::string file = absl::StrCat(folder, "/", persona.id(), ".json");
    if (access(file.c_str(), F_OK) == 0) {
      ++report.kept;
      continue;
    }
    PSM_ASSIGN_OR_RETURN(std::unique_ptr<SigningKey> key,
                         SigningKey::Generate());
    PSM_ASSIGN_OR_RETURN(
        const std::string certificate,
        authority->Issue(persona.card_serial(), *key, now, kCardLifetime));
    PSM_RETURN_IF_ERROR(CreateCard(file, persona.card_serial(), certificate,
                                   *key, SecretBytes(kDemoPin)));
    ++report.issued;
  }
  return report;
}

}  // namespace psm::card
