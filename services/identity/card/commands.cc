#include "services/identity/card/commands.h"

#include <memory>
#include <string>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "mesh/base/durable_file.h"
#include "mesh/base/japan_time.h"
#include "mesh/base/status_macros.h"
#include "mesh/crypto/certificate.h"
#include "services/identity/card/document_signature.h"
#include "services/identity/card/issue_cards.h"
#include "services/identity/card/virtual_card.h"

namespace psm::card {
namespace {

// What may stand on the command line; each verb reads its own.
struct Line {
  std::string run, card, pin, kind = "signature", document, out, signature,
                              authority, list, certificate;
};

absl::Status Issue(const Line& line, const Clock& clock, std::ostream& out) {
  PSM_ASSIGN_OR_RETURN(const IssueReport report, IssueCards(line.run, clock));
  out << report.issued << " cards issued, " << report.kept << " kept; PIN "
      << kDemoPin << ", to sign " << kDemoSignaturePin
      << "; synthetic and unofficial\n";
  return absl::OkStatus();
}

absl::Status Show(const Line& line, std::ostream& out) {
  PSM_ASSIGN_OR_RETURN(const CardView view, LookAt(line.card));
  out << "card " << view.serial << ", synthetic and unofficial\n";
  for (const CardFace& face : view.faces) {
    PSM_ASSIGN_OR_RETURN(const std::vector<Certificate> chain,
                         Certificate::ChainFromPem(face.certificate_pem));
    out << NameOf(face.kind) << ": certificate " << chain.front().serial()
        << " until "
        << absl::FormatTime("%Y-%m-%d", chain.front().not_after(), JapanTime())
        << ", " << face.tries_left << " of " << MaxTriesOf(face.kind)
        << " tries left" << (face.tries_left == 0 ? ", locked" : "") << "\n";
  }
  return absl::OkStatus();
}

absl::Status Sign(const Line& line, const Clock& clock, std::ostream& out) {
  PSM_ASSIGN_OR_RETURN(const std::string document, ReadFile(line.document));
  PSM_ASSIGN_OR_RETURN(const std::unique_ptr<VirtualCard> card,
                       VirtualCard::Open(line.card, SecretBytes(line.pin),
                                         CertificateKind::kSignature));
  PSM_ASSIGN_OR_RETURN(const std::string signature,
                       SignDocument(*card, document, clock.Now()));
  PSM_RETURN_IF_ERROR(WriteWholeFile(line.out, signature, kPublic));
  out << "signed: " << line.out << "\n";
  return absl::OkStatus();
}

absl::Status Verify(const Line& line, const Clock& clock, std::ostream& out) {
  PSM_ASSIGN_OR_RETURN(const std::string document, ReadFile(line.document));
  PSM_ASSIGN_OR_RETURN(const std::string signature, ReadFile(line.signature));
  PSM_ASSIGN_OR_RETURN(const std::string authority, ReadFile(line.authority));
  PSM_ASSIGN_OR_RETURN(const std::string list, ReadFile(line.list));
  PSM_ASSIGN_OR_RETURN(const std::unique_ptr<DocumentTrust> trust,
                       DocumentTrust::Create(authority, list));
  PSM_ASSIGN_OR_RETURN(const DocumentSigner who,
                       trust->Verify(document, signature, clock.Now()));
  out << "signed at " << absl::FormatTime(who.signing_time, JapanTime())
      << " with card " << who.card_serial << "\n"
      << who.items.name << ", " << who.items.birth_date << ", "
      << who.items.address << "\n";
  return absl::OkStatus();
}

absl::Status Request(const Line& line, std::ostream& out) {
  PSM_ASSIGN_OR_RETURN(const CertificateKind kind,
                       CertificateKindOf(line.kind));
  PSM_ASSIGN_OR_RETURN(
      const std::string request,
      RequestCertificate(line.card, kind, SecretBytes(line.pin)));
  PSM_RETURN_IF_ERROR(WriteWholeFile(line.out, request, kPublic));
  out << "take this to the counter: " << line.out << "\n";
  return absl::OkStatus();
}

absl::Status Install(const Line& line, std::ostream& out) {
  PSM_ASSIGN_OR_RETURN(const std::string der, ReadFile(line.certificate));
  PSM_ASSIGN_OR_RETURN(const CertificateKind kind,
                       InstallCertificate(line.card, der));
  out << NameOf(kind) << ": new certificate, new PIN, all tries\n";
  return absl::OkStatus();
}

}  // namespace

int RunCommand(int argc, const char* const* argv, const Clock& clock,
               std::ostream& out, std::ostream& error) {
  Line line;
  CLI::App app("Virtual cards: synthetic, unofficial, for this prototype only.",
               "psm-cards");
  app.require_subcommand(0, 1);
  app.add_option("--run", line.run, "Run folder: a card for every persona");
  const auto verb = [&](const char* name, const char* what, bool on_card) {
    CLI::App* const sub = app.add_subcommand(name, what);
    if (on_card)
      sub->add_option("--card", line.card, "The card's file")->required();
    return sub;
  };
  CLI::App* const show = verb("show", "What is on a card", true);
  CLI::App* const sign = verb("sign", "Sign a document, detached CMS", true);
  CLI::App* const verify =
      verb("verify", "Verify a signed document, offline", false);
  CLI::App* const request = verb(
      "request", "Make a new key and the request for its certificate", true);
  CLI::App* const install =
      verb("install", "Put the certificate of a new key in", true);
  sign->add_option("--pin", line.pin, "Signature PIN")->required();
  sign->add_option("--out", line.out, "Where the signature goes")->required();
  for (CLI::App* const sub : {sign, verify})
    sub->add_option("document", line.document)->required();
  verify->add_option("--signature", line.signature)->required();
  verify->add_option("--ca", line.authority, "The authority's certificate")
      ->required();
  verify->add_option("--crl", line.list, "Its newest list")->required();
  request->add_option("--kind", line.kind, "authentication or signature");
  request->add_option("--pin", line.pin, "The new PIN")->required();
  request->add_option("--out", line.out, "Where the request goes")->required();
  install->add_option("certificate", line.certificate, "DER")->required();
  try {
    app.parse(argc, argv);
    if (app.get_subcommands().empty() && line.run.empty())
      throw CLI::RequiredError("--run or a verb");
  } catch (const CLI::ParseError& wrong) {
    return app.exit(wrong, out, error) == 0 ? 0 : 64;
  }
  const absl::Status done = show->parsed()      ? Show(line, out)
                            : sign->parsed()    ? Sign(line, clock, out)
                            : verify->parsed()  ? Verify(line, clock, out)
                            : request->parsed() ? Request(line, out)
                            : install->parsed() ? Install(line, out)
                                                : Issue(line, clock, out);
  if (done.ok()) return 0;
  error << "psm-cards: " << std::string(done.message()) << "\n";
  return absl::IsInvalidArgument(done) || absl::IsNotFound(done) ? 64 : 1;
}

}  // namespace psm::card
