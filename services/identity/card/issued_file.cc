#include "services/identity/card/issued_file.h"

#include <cstdint>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "mesh/base/durable_file.h"
#include "mesh/base/folder_lock.h"
#include "mesh/base/status_macros.h"
#include "nlohmann/json.hpp"
#include "services/identity/card/virtual_card.h"

namespace psm::card {
namespace {

std::string LineOf(const IssuedCertificate& issued) {
  nlohmann::ordered_json json;
  json["serial"] = issued.serial;
  json["kind"] =
      std::string(NameOf(issued.kind).data(), NameOf(issued.kind).size());
  json["card_serial"] = issued.card_serial;
  json["issue_time"] = absl::ToUnixSeconds(issued.issue_time);
  json["expire_time"] = absl::ToUnixSeconds(issued.expire_time);
  return json.dump();
}

bool IsCertificateSerial(const std::string& text) {
  return !text.empty() && text.size() <= 40 &&
         text.find_first_not_of("0123456789abcdef") == std::string::npos;
}

absl::StatusOr<IssuedCertificate> Parse(absl::string_view line) {
  const nlohmann::json json = nlohmann::json::parse(
      line.begin(), line.end(), nullptr, /*allow_exceptions=*/false);
  const auto text = [&json](const char* name) -> std::string {
    const auto found = json.find(name);
    return found != json.end() && found->is_string() ? found->get<std::string>()
                                                     : std::string();
  };
  const auto time = [&json](const char* name) {
    const auto found = json.find(name);
    return absl::FromUnixSeconds(found != json.end() &&
                                         found->is_number_integer()
                                     ? found->get<std::int64_t>()
                                     : 0);
  };
  if (!json.is_object()) return absl::DataLossError("not an object");
  IssuedCertificate issued;
  issued.serial = text("serial");
  PSM_ASSIGN_OR_RETURN(issued.kind, CertificateKindOf(text("kind")));
  issued.card_serial = text("card_serial");
  issued.issue_time = time("issue_time");
  issued.expire_time = time("expire_time");
  if (!IsCertificateSerial(issued.serial) || !IsCardSerial(issued.card_serial))
    return absl::DataLossError("a serial is malformed");
  return issued;
}

}  // namespace

IssuedCertificate Issued(const Certificate& certificate, CertificateKind kind,
                         const std::string& card_serial, absl::Time now) {
  return {certificate.serial(), kind, card_serial, now,
          certificate.not_after()};
}

absl::Status AppendIssued(const std::string& folder,
                          const std::vector<IssuedCertificate>& issued) {
  const std::string file = absl::StrCat(folder, "/", kIssuedFile);
  PSM_ASSIGN_OR_RETURN(FolderLock lock, FolderLock::Take(folder));
  absl::StatusOr<std::string> lines = ReadPrivateFile(file);
  if (absl::IsNotFound(lines.status())) lines = std::string();
  PSM_RETURN_IF_ERROR(lines.status());
  for (const IssuedCertificate& certificate : issued)
    absl::StrAppend(&*lines, LineOf(certificate), "\n");
  return WriteWholeFile(file, *lines, kPrivate);
}

absl::StatusOr<std::vector<IssuedCertificate>> ReadIssued(
    const std::string& folder) {
  std::vector<IssuedCertificate> all;
  const std::string file = absl::StrCat(folder, "/", kIssuedFile);
  const absl::StatusOr<std::string> lines = ReadPrivateFile(file);
  if (absl::IsNotFound(lines.status())) return all;
  PSM_RETURN_IF_ERROR(lines.status());
  int number = 0;
  for (const absl::string_view line : absl::StrSplit(*lines, '\n')) {
    ++number;
    if (line.empty()) continue;
    absl::StatusOr<IssuedCertificate> issued = Parse(line);
    if (!issued.ok()) {
      return absl::DataLossError(
          absl::StrCat(file, ":", number, ": ", issued.status().message()));
    }
    all.push_back(*std::move(issued));
  }
  return all;
}

}  // namespace psm::card
