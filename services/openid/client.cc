#include "services/openid/client.h"

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "mesh/base/durable_file.h"
#include "mesh/base/file_fingerprint.h"
#include "mesh/base/log.h"
#include "mesh/base/status_macros.h"
#include "services/openid/jws.h"
#include "services/openid/parameters.h"

namespace psm::openid {
namespace {

using nlohmann::json;

constexpr std::size_t kMaxUri = 2000;

// The members of one client, read one by one; the first that is wrong is
// remembered.
class Reader {
 public:
  explicit Reader(const json& from) : from_(from) {}

  std::string Text(const json& object, const char* name, bool required = true) {
    seen_.insert(name);
    const auto found = object.find(name);
    if (found == object.end()) {
      if (required) Wrong(name, "is missing");
      return "";
    }
    if (!found->is_string() || found->get<std::string>().empty() ||
        !IsText(found->get_ref<const std::string&>())) {
      Wrong(name, "is not a text");
      return "";
    }
    return found->get<std::string>();
  }
  std::string Text(const char* name, bool required = true) {
    return Text(from_, name, required);
  }

  BothTexts Both(const char* name) {
    seen_.insert(name);
    const auto found = from_.find(name);
    if (found == from_.end() || !found->is_object()) {
      Wrong(name, "is not a text in both languages");
      return {};
    }
    return {Text(*found, "ja"), Text(*found, "en")};
  }

  std::vector<std::string> Uris(const char* name, bool required) {
    seen_.insert(name);
    const auto found = from_.find(name);
    std::vector<std::string> uris;
    if (found == from_.end()) {
      if (required) Wrong(name, "is missing");
      return uris;
    }
    if (!found->is_array() || found->empty()) {
      Wrong(name, "is not a list of URIs");
      return uris;
    }
    for (const json& uri : *found) {
      if (!uri.is_string() || !IsRedirectUri(uri.get<std::string>())) {
        Wrong(name, "holds what is no https URI");
        return {};
      }
      uris.push_back(uri.get<std::string>());
    }
    return uris;
  }

  std::vector<std::string> Words(const char* name) {
    std::vector<std::string> words =
        absl::StrSplit(Text(name), ' ', absl::SkipEmpty());
    return words;
  }

  void Keys(Client* client) {
    seen_.insert("jwks");
    const auto found = from_.find("jwks");
    if (found == from_.end() || !found->is_object() ||
        !found->contains("keys") || !(*found)["keys"].is_array() ||
        (*found)["keys"].empty()) {
      Wrong("jwks", "is not a set of keys");
      return;
    }
    const json& keys = (*found)["keys"];
    for (const json& jwk : keys) {
      absl::StatusOr<std::shared_ptr<const VerifyingKey>> key = Es256KeyOf(jwk);
      if (!key.ok()) {
        Wrong("jwks", std::string(key.status().message()));
        return;
      }
      const auto kid = jwk.find("kid");
      const bool named = kid != jwk.end() && kid->is_string();
      if (!named && keys.size() > 1) {
        Wrong("jwks", "has several keys, one without kid");
        return;
      }
      if (!client->keys
               .emplace(named ? kid->get<std::string>() : "", *std::move(key))
               .second)
        Wrong("jwks", "has two keys of one kid");
    }
  }

  // That nothing else is there.
  void End() {
    for (const auto& member : from_.items()) {
      if (seen_.count(member.key()) == 0) Wrong(member.key(), "is unknown");
    }
  }

  void Wrong(absl::string_view member, absl::string_view why) {
    if (wrong_.empty()) wrong_ = absl::StrCat(member, " ", why);
  }
  const std::string& wrong() const { return wrong_; }

 private:
  const json& from_;
  std::set<std::string> seen_;
  std::string wrong_;
};

void ReadAuthentication(Reader& reader, Client* client) {
  const std::string method = reader.Text("token_endpoint_auth_method");
  if (method == NameOf(ClientAuthentication::kPrivateKeyJwt)) {
    client->authentication = ClientAuthentication::kPrivateKeyJwt;
    reader.Keys(client);
  } else if (method == NameOf(ClientAuthentication::kBasic)) {
    client->authentication = ClientAuthentication::kBasic;
    const std::string hex = reader.Text("client_secret_sha256");
    if (hex.size() != 64 ||
        !std::all_of(hex.begin(), hex.end(), [](unsigned char c) {
          return absl::ascii_isdigit(c) || (c >= 'a' && c <= 'f');
        })) {
      reader.Wrong("client_secret_sha256",
                   "is not 64 lower-case hexadecimal digits");
    } else {
      client->secret_sha256 = absl::HexStringToBytes(hex);
    }
  } else {
    reader.Wrong("token_endpoint_auth_method", "is none that there is");
  }
}

absl::StatusOr<std::shared_ptr<const Client>> ReadClient(const json& from) {
  if (!from.is_object())
    return absl::InvalidArgumentError("a client is not an object");
  Reader reader(from);
  auto client = std::make_shared<Client>();
  client->id = reader.Text("client_id");
  client->name = reader.Both("name");
  client->audience = reader.Text("audience");
  client->affair = reader.Text("affair");
  client->redirect_uris = reader.Uris("redirect_uris", true);
  client->post_logout_redirect_uris =
      reader.Uris("post_logout_redirect_uris", false);
  ReadAuthentication(reader, client.get());
  client->scopes = reader.Words("scope");
  if (std::count(client->scopes.begin(), client->scopes.end(), "openid") != 1)
    reader.Wrong("scope", "is without openid");
  const std::string refresh = reader.Text("refresh_tokens", false);
  if (!refresh.empty() && refresh != "yes" && refresh != "no")
    reader.Wrong("refresh_tokens", "is neither yes nor no");
  client->refreshes = refresh == "yes";
  reader.End();
  if (!reader.wrong().empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("client \"", client->id, "\": ", reader.wrong()));
  }
  return std::shared_ptr<const Client>(std::move(client));
}

}  // namespace

const char* NameOf(ClientAuthentication authentication) {
  return authentication == ClientAuthentication::kPrivateKeyJwt
             ? "private_key_jwt"
             : "client_secret_basic";
}

bool IsRedirectUri(absl::string_view uri) {
  if (uri.size() > kMaxUri) return false;
  for (const char c : uri) {
    if (c <= 0x20 || c >= 0x7f || absl::StrContains("\"'<>\\^`{|}#@;,", c))
      return false;
  }
  absl::string_view rest = uri;
  const bool https = absl::ConsumePrefix(&rest, "https://");
  if (!https && !absl::ConsumePrefix(&rest, "http://")) return false;
  const absl::string_view authority = rest.substr(0, rest.find_first_of("/?"));
  const bool bracketed = absl::StartsWith(authority, "[");
  const absl::string_view host =
      bracketed ? authority.substr(0, authority.find(']') + 1)
                : authority.substr(0, authority.find(':'));
  if (host.empty()) return false;
  const absl::string_view port = authority.substr(host.size());
  if (!port.empty() &&
      (port.size() < 2 || port.size() > 6 || port[0] != ':' ||
       !std::all_of(port.begin() + 1, port.end(),
                    [](unsigned char c) { return absl::ascii_isdigit(c); })))
    return false;
  return https || host == "127.0.0.1" || host == "[::1]" || host == "localhost";
}

std::string OriginOf(absl::string_view redirect_uri) {
  const std::size_t host = redirect_uri.find("://") + 3;
  return std::string(
      redirect_uri.substr(0, redirect_uri.find_first_of("/?", host)));
}

absl::StatusOr<std::vector<std::shared_ptr<const Client>>> ReadClients(
    absl::string_view text) {
  const json document = json::parse(text.begin(), text.end(), nullptr,
                                    /*allow_exceptions=*/false);
  if (!document.is_object() || document.size() != 1 ||
      !document.contains("clients") || !document["clients"].is_array())
    return absl::InvalidArgumentError(
        "it is not a JSON object with an array `clients` and nothing else");
  std::vector<std::shared_ptr<const Client>> clients;
  std::set<std::string> ids;
  for (const json& from : document["clients"]) {
    PSM_ASSIGN_OR_RETURN(std::shared_ptr<const Client> client,
                         ReadClient(from));
    if (!ids.insert(client->id).second)
      return absl::InvalidArgumentError(
          absl::StrCat("client \"", client->id, "\" is registered twice"));
    clients.push_back(std::move(client));
  }
  return clients;
}

Clients::Clients(const std::vector<std::shared_ptr<const Client>>& clients) {
  MutexLock lock(mu_);
  for (const auto& client : clients) clients_[client->id] = client;
}

absl::Status Clients::Load() {
  MutexLock lock(mu_);
  return LoadLocked();
}

absl::Status Clients::LoadLocked() {
  if (file_.empty()) return absl::OkStatus();
  const std::string fingerprint = FingerprintOf({file_});
  if (fingerprint == fingerprint_) return absl::OkStatus();
  fingerprint_ = fingerprint;
  const absl::StatusOr<std::string> text = ReadFile(file_);
  if (absl::IsNotFound(text.status())) {
    clients_.clear();
    return absl::OkStatus();
  }
  PSM_RETURN_IF_ERROR(text.status());
  absl::StatusOr<std::vector<std::shared_ptr<const Client>>> clients =
      ReadClients(*text);
  if (!clients.ok())
    return absl::InvalidArgumentError(
        absl::StrCat(file_, ": ", clients.status().message()));
  clients_.clear();
  for (auto& client : *clients) {
    const std::string id = client->id;
    clients_[id] = std::move(client);
  }
  return absl::OkStatus();
}

std::shared_ptr<const Client> Clients::Find(const std::string& id) {
  MutexLock lock(mu_);
  if (const absl::Status loaded = LoadLocked(); !loaded.ok())
    LogError("clients_not_read", {{"error", std::string(loaded.message())}});
  const auto found = clients_.find(id);
  return found == clients_.end() ? nullptr : found->second;
}

}  // namespace psm::openid
