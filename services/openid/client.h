// A relying party as it is registered (RFC 7591's names), and the file in which
// the registrations stand.
#ifndef PSM_SERVICES_OPENID_CLIENT_H_
#define PSM_SERVICES_OPENID_CLIENT_H_

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "mesh/base/mutex.h"
#include "mesh/crypto/signing_key.h"
#include "services/openid/html.h"

namespace psm::openid {

enum class ClientAuthentication {
  kPrivateKeyJwt,  // an assertion signed with ES256 (RFC 7523)
  kBasic,          // an identifier and a secret (RFC 6749, 2.3.1)
};

// "private_key_jwt", "client_secret_basic".
const char* NameOf(ClientAuthentication authentication);

struct Client {
  std::string id;
  BothTexts name;        // as people read it
  std::string audience;  // system id: who learns what is disclosed
  std::string affair;    // affair id: what for
  std::vector<std::string> redirect_uris;
  std::vector<std::string> post_logout_redirect_uris;
  ClientAuthentication authentication = ClientAuthentication::kPrivateKeyJwt;
  // By `kid`; "" for the key of a client that has one key without.
  std::map<std::string, std::shared_ptr<const VerifyingKey>> keys;
  // SHA-256 of the secret. Enough, as the secret is random: 32 bytes or more in
  // base64url, made with the registration and not chosen by anybody.
  std::string secret_sha256;
  std::vector<std::string> scopes;  // that it may ask for; `openid` among them
  bool refreshes = false;           // whether it gets refresh tokens
};

// Whether a text can be a redirect URI: `https` with a host, or `http` to this
// machine (127.0.0.1, [::1], localhost: a relying party under development; RFC
// 8252, 7.3); printable ASCII without quotes, brackets, backslashes and
// spaces; no user, no fragment (RFC 6749, 3.1.2); at most 2,000 characters.
bool IsRedirectUri(absl::string_view uri);

// Its scheme, host and port, for a Content-Security-Policy.
std::string OriginOf(absl::string_view redirect_uri);

// The clients of a registration file: a JSON object with an array `clients`;
// README.md has an example. INVALID_ARGUMENT, naming client and member, for
// anything that is missing, unknown or malformed: a misspelt member must not be
// a missing check.
absl::StatusOr<std::vector<std::shared_ptr<const Client>>> ReadClients(
    absl::string_view json);

// The registered clients, followed: a file that changes is read again at the
// next question. Whoever may write it can be any relying party. Thread-safe.
class Clients {
 public:
  explicit Clients(std::string file) : file_(std::move(file)) {}

  // For a test: clients that are in no file.
  explicit Clients(const std::vector<std::shared_ptr<const Client>>& clients);

  // Reads the file; no file, no clients. INVALID_ARGUMENT as ReadClients, with
  // the file's name.
  absl::Status Load() PSM_EXCLUDES(mu_);

  // null where there is none. A file that has become unreadable or wrong is
  // logged once, and the clients stay as they were.
  std::shared_ptr<const Client> Find(const std::string& id) PSM_EXCLUDES(mu_);

 private:
  absl::Status LoadLocked() PSM_REQUIRES(mu_);

  const std::string file_;
  Mutex mu_;
  std::string fingerprint_ PSM_GUARDED_BY(mu_);
  std::map<std::string, std::shared_ptr<const Client>> clients_
      PSM_GUARDED_BY(mu_);
};

}  // namespace psm::openid

#endif  // PSM_SERVICES_OPENID_CLIENT_H_
