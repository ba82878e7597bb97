#include "certs/authority_folder.h"

#include <openssl/crypto.h>

#include <algorithm>
#include <filesystem>
#include <optional>
#include <system_error>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "mesh/base/durable_file.h"
#include "mesh/base/status_macros.h"
#include "mesh/crypto/openssl_ptr.h"

namespace psm::pki {
namespace {

constexpr char kRoot[] = "root-";
constexpr char kIntermediate[] = "intermediate-";
constexpr char kSuffix[] = ".pem";

// The number in "<prefix><number>.pem", or nullopt for another name.
std::optional<int> NumberOf(absl::string_view file, absl::string_view prefix) {
  int number = 0;
  if (!absl::ConsumePrefix(&file, prefix) ||
      !absl::ConsumeSuffix(&file, kSuffix) ||
      !absl::SimpleAtoi(file, &number) || number < 1 ||
      absl::StrCat(number) != file) {
    return std::nullopt;
  }
  return number;
}

absl::StatusOr<std::unique_ptr<Authority>> ReadAuthority(
    const std::string& file) {
  PSM_ASSIGN_OR_RETURN(std::string pem, ReadPrivateFile(file));
  const auto wiping =
      absl::MakeCleanup([&pem] { OPENSSL_cleanse(pem.data(), pem.size()); });
  absl::StatusOr<std::unique_ptr<Authority>> authority =
      Authority::FromPem(pem);
  if (!authority.ok()) {
    return absl::DataLossError(absl::StrCat(file, ": ",
                                            authority.status().message(),
                                            "; restore it from a backup"));
  }
  return authority;
}

int NextNumber(const std::vector<NumberedAuthority>& authorities) {
  return authorities.empty() ? 1 : authorities.back().number + 1;
}

bool Issued(const Authority& issuer, const Authority& issued) {
  return X509_check_issued(issuer.certificate().get(),
                           issued.certificate().get()) == X509_V_OK &&
         X509_verify(issued.certificate().get(),
                     issuer.certificate().key()->get()) == 1;
}

}  // namespace

absl::StatusOr<AuthorityFolder> AuthorityFolder::Open(std::string folder) {
  AuthorityFolder result(std::move(folder));
  std::error_code error;
  for (std::filesystem::directory_iterator entry(result.folder_, error), end;
       !error && entry != end; entry.increment(error)) {
    const std::string file = entry->path().filename().string();
    for (const char* prefix : {kRoot, kIntermediate}) {
      const std::optional<int> number = NumberOf(file, prefix);
      if (!number.has_value()) continue;
      NumberedAuthority found{absl::StrCat(prefix, *number), *number, nullptr};
      PSM_ASSIGN_OR_RETURN(found.authority,
                           ReadAuthority(entry->path().string()));
      (prefix == kRoot ? result.roots_ : result.intermediates_)
          .push_back(std::move(found));
    }
  }
  if (error) {
    return absl::ErrnoToStatus(
        error.value(), absl::StrCat("cannot read the folder ", result.folder_));
  }
  for (auto* authorities : {&result.roots_, &result.intermediates_}) {
    std::sort(authorities->begin(), authorities->end(),
              [](const NumberedAuthority& a, const NumberedAuthority& b) {
                return a.number < b.number;
              });
  }
  return result;
}

absl::Status AuthorityFolder::AddRoot(absl::Time now) {
  NumberedAuthority root{"", NextNumber(roots_), nullptr};
  root.name = absl::StrCat(kRoot, root.number);
  PSM_ASSIGN_OR_RETURN(
      root.authority,
      Authority::CreateRoot(absl::StrCat("PSM prototype root ", root.number),
                            now, kRootLife));
  PSM_RETURN_IF_ERROR(Store(root));
  roots_.push_back(std::move(root));
  return absl::OkStatus();
}

absl::StatusOr<NumberedAuthority> AuthorityFolder::NewIntermediate(
    absl::Time now) const {
  if (roots_.empty()) return absl::FailedPreconditionError("there is no root");
  const Authority& root = *roots_.back().authority;
  if (now + kIntermediateLife > root.certificate().not_after()) {
    return absl::FailedPreconditionError(absl::StrCat(
        roots_.back().name,
        " expires before a new intermediate would; run: psm-pki rotate root"));
  }
  NumberedAuthority intermediate{"", NextNumber(intermediates_), nullptr};
  intermediate.name = absl::StrCat(kIntermediate, intermediate.number);
  PSM_ASSIGN_OR_RETURN(
      intermediate.authority,
      root.CreateIntermediate(
          absl::StrCat("PSM prototype intermediate ", intermediate.number), now,
          kIntermediateLife));
  return intermediate;
}

absl::Status AuthorityFolder::Keep(NumberedAuthority intermediate) {
  PSM_RETURN_IF_ERROR(Store(intermediate));
  intermediates_.push_back(std::move(intermediate));
  return absl::OkStatus();
}

absl::Status AuthorityFolder::Store(const NumberedAuthority& authority) const {
  return WriteWholeFile(absl::StrCat(folder_, "/", authority.name, kSuffix),
                        authority.authority->ToPem().Reveal(), kPrivate);
}

absl::StatusOr<std::vector<std::string>> AuthorityFolder::RemoveOld() {
  std::vector<std::string> removed;
  const auto remove = [&](std::vector<NumberedAuthority>& from,
                          std::size_t i) -> absl::Status {
    PSM_RETURN_IF_ERROR(
        RemoveFile(absl::StrCat(folder_, "/", from[i].name, kSuffix)));
    removed.push_back(from[i].name);
    from.erase(from.begin() + static_cast<std::ptrdiff_t>(i));
    return absl::OkStatus();
  };
  while (intermediates_.size() > 1) {
    PSM_RETURN_IF_ERROR(remove(intermediates_, 0));
  }
  for (std::size_t i = 0; i + 1 < roots_.size();) {
    if (!intermediates_.empty() &&
        Issued(*roots_[i].authority, *intermediates_[0].authority)) {
      ++i;
    } else {
      PSM_RETURN_IF_ERROR(remove(roots_, i));
    }
  }
  return removed;
}

}  // namespace psm::pki
