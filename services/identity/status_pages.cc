#include "services/identity/status_pages.h"

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/strip.h"
#include "mesh/base/log.h"

namespace psm::identity {
namespace {

constexpr char kOcspFolder[] = "/ocsp/";

// "%2B" and the like undone; false for a `%` that begins nothing.
bool Unescape(absl::string_view text, std::string* plain) {
  plain->clear();
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      plain->push_back(text[i]);
      continue;
    }
    const auto digit = [&text](std::size_t at) {
      return at < text.size() &&
             absl::ascii_isxdigit(static_cast<unsigned char>(text[at]));
    };
    if (!digit(i + 1) || !digit(i + 2)) return false;
    plain->append(absl::HexStringToBytes(text.substr(i + 1, 2)));
    i += 2;
  }
  return true;
}

web::HttpAnswer Typed(const char* type, std::string body) {
  web::HttpAnswer answer;
  answer.content_type = type;
  answer.body = std::move(body);
  return answer;
}

}  // namespace

web::HttpAnswer StatusPages::Answer(const web::HttpRequest& request) {
  if (request.target == "/") {
    if (request.method != "POST") return web::MethodNotAllowed("POST");
    return Status(request.body);
  }
  const bool ocsp = absl::StartsWith(request.target, kOcspFolder);
  if (!ocsp && request.target != "/crl.pem" && request.target != "/crl.der" &&
      request.target != "/ca.pem" && request.target != "/ca.der")
    return web::Plain(404, "there is no such page");
  if (!web::IsRead(request)) return web::MethodNotAllowed("GET, HEAD");
  if (!ocsp) return File(request.target);
  std::string base64, der;
  if (!Unescape(absl::StripPrefix(request.target, kOcspFolder), &base64) ||
      !absl::Base64Unescape(base64, &der))
    return web::Plain(400, "the request is not in base64");
  return Status(der);
}

web::HttpAnswer StatusPages::Status(absl::string_view der) {
  return Typed("application/ocsp-response", responder_->Answer(der));
}

web::HttpAnswer StatusPages::File(absl::string_view path) {
  const bool der = absl::EndsWith(path, ".der");
  std::string pem = authority_pem_;
  if (absl::StartsWith(path, "/crl")) {
    absl::StatusOr<std::string> list = lists_->Current();
    if (!list.ok()) {
      LogWarning("revocation_list_not_made",
                 {{"code", absl::StatusCodeToString(list.status().code())}});
      return web::Plain(503, "the list cannot be made now");
    }
    pem = *std::move(list);
  }
  if (!der) return Typed("application/x-pem-file", std::move(pem));
  absl::StatusOr<std::string> bytes = DerOfPem(pem);
  if (!bytes.ok()) return web::Plain(503, "the file cannot be made now");
  // RFC 2585, 3 and 4.
  return Typed(absl::StartsWith(path, "/crl") ? "application/pkix-crl"
                                              : "application/pkix-cert",
               *std::move(bytes));
}

}  // namespace psm::identity
