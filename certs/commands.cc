#include "certs/commands.h"

#include <CLI/CLI.hpp>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "certs/commands_running.h"
#include "certs/mesh_authority.h"
#include "certs/report.h"
#include "mesh/base/status_macros.h"

namespace psm::pki {
namespace {

constexpr int kUsage = 64;  // EX_USAGE of sysexits(3)

constexpr char kDescription[] =
    "psm-pki: the certificates of one mesh, for development on one machine.\n"
    "Unofficial prototype, not connected with any public body.";

// What the command line says.
struct Options {
  std::string run;
  std::vector<std::string> systems;
  std::string serial;
  std::string life = "24h";
  std::string authority;
  std::string patience = "60s";
  bool keep_root = false;
  bool follow = false;
  bool force = false;
  bool all = false;
};

using Verb =
    std::function<absl::Status(const Options&, const Clock&, std::ostream&)>;

std::string Expiry(const MeshAuthority& mesh, absl::string_view system) {
  const IdentityStatus status = mesh.StatusOf(system);
  if (!status.leaf.has_value()) return "";
  return absl::FormatTime("expires %Y-%m-%d %H:%MZ", status.leaf->not_after(),
                          absl::UTCTimeZone());
}

void Tell(std::ostream& out, const MeshAuthority& mesh,
          const std::string& system, IssueOutcome outcome) {
  switch (outcome) {
    case IssueOutcome::kIssued:
      out << system << ": issued, " << Expiry(mesh, system) << "\n";
      return;
    case IssueOutcome::kKept:
      out << system << ": kept, " << Expiry(mesh, system) << "\n";
      return;
    case IssueOutcome::kRevokedSkipped:
      out << system << ": revoked and not renewed; to admit it again run: "
          << "psm-pki issue " << system << "\n";
      return;
  }
}

absl::Status Init(const Options& options, const Clock& clock,
                  std::ostream& out) {
  PSM_ASSIGN_OR_RETURN(auto mesh, MeshAuthority::Init(options.run, clock));
  out << "the PKI in " << options.run << "/pki is ready; "
      << mesh->StatusOfAll().size() << " systems have certificates\n";
  return absl::OkStatus();
}

absl::StatusOr<absl::Duration> DurationOf(const std::string& text) {
  absl::Duration duration;
  if (absl::ParseDuration(text, &duration)) return duration;
  return absl::InvalidArgumentError(
      absl::StrCat("\"", text, "\" is not a duration; write 24h or 90m"));
}

absl::Status Issue(const Options& options, const Clock& clock,
                   std::ostream& out) {
  PSM_ASSIGN_OR_RETURN(const absl::Duration life, DurationOf(options.life));
  PSM_ASSIGN_OR_RETURN(auto mesh, MeshAuthority::Open(options.run, clock));
  for (const std::string& system : options.systems) {
    PSM_ASSIGN_OR_RETURN(const IssueOutcome outcome,
                         mesh->Issue(system, life, options.force));
    Tell(out, *mesh, system, outcome);
  }
  return absl::OkStatus();
}

absl::Status Renew(const Options& options, const Clock& clock,
                   std::ostream& out) {
  if (options.follow) return FollowRenewals(options.run, clock);
  PSM_ASSIGN_OR_RETURN(auto mesh, MeshAuthority::Open(options.run, clock));
  std::vector<std::string> systems = options.systems;
  if (systems.empty()) {
    for (const IdentityStatus& status : mesh->StatusOfAll()) {
      if (status.state != IdentityState::kMissing) {
        systems.push_back(status.system);
      }
    }
  }
  for (const std::string& system : systems) {
    PSM_ASSIGN_OR_RETURN(const IssueOutcome outcome,
                         mesh->Renew(system, options.force));
    Tell(out, *mesh, system, outcome);
  }
  const Certificate& issuer = mesh->issuer().certificate();
  if (IsPastHalf(issuer, clock.Now()))
    out << "the intermediate is past half of its life; run: psm-pki rotate\n";
  return absl::OkStatus();
}

absl::Status Revoke(const Options& options, const Clock& clock,
                    std::ostream& out) {
  if (options.systems.empty() == options.serial.empty()) {
    return absl::InvalidArgumentError(
        "name what to revoke: AGENCY/SYSTEM or --serial HEX, not both");
  }
  PSM_ASSIGN_OR_RETURN(const absl::Duration patience,
                       DurationOf(options.patience));
  std::uint64_t list_number = 0;
  {
    PSM_ASSIGN_OR_RETURN(auto mesh, MeshAuthority::Open(options.run, clock));
    int count = 0;
    if (options.serial.empty()) {
      for (const std::string& system : options.systems) {
        PSM_ASSIGN_OR_RETURN(const int revoked, mesh->RevokeSystem(system));
        count += revoked;
      }
    } else {
      PSM_ASSIGN_OR_RETURN(count, mesh->RevokeSerial(options.serial));
    }
    list_number = mesh->index().list_number();
    out << "revoked " << count
        << (count == 1 ? " certificate" : " certificates")
        << "; revocation lists no. " << list_number << "\n"
        << std::flush;
  }
  return AwaitRefusal(options.run, options.systems, list_number, patience,
                      clock, out);
}

absl::Status Rotate(const Options& options, const Clock& clock,
                    std::ostream& out) {
  if (options.authority.empty()) {
    PSM_ASSIGN_OR_RETURN(const absl::Duration patience,
                         DurationOf(options.patience));
    return RotateRunning(options.run, options.keep_root, patience, clock, out);
  }
  if (options.keep_root) {
    return absl::InvalidArgumentError(
        "--keep-root goes with the whole rotation, not with one step of it");
  }
  PSM_ASSIGN_OR_RETURN(auto mesh, MeshAuthority::Open(options.run, clock));
  if (options.authority == "root") {
    PSM_RETURN_IF_ERROR(mesh->RotateRoot());
    out << mesh->authorities().roots().back().name
        << " is trusted beside the older; when every process has read "
           "trust.pem, run: psm-pki rotate intermediate\n";
  } else {
    PSM_RETURN_IF_ERROR(mesh->RotateIntermediate());
    out << mesh->authorities().intermediates().back().name
        << " issues from now on; when every process has read crl.pem, run: "
           "psm-pki renew --force\n";
  }
  return absl::OkStatus();
}

absl::Status Retire(const Options& options, const Clock& clock,
                    std::ostream& out) {
  PSM_ASSIGN_OR_RETURN(auto mesh, MeshAuthority::Open(options.run, clock));
  PSM_ASSIGN_OR_RETURN(const std::vector<std::string> removed,
                       mesh->RetireOld());
  out << (removed.empty() ? "nothing to retire"
                          : absl::StrCat("no longer trusted: ",
                                         absl::StrJoin(removed, ", ")))
      << "\n";
  return absl::OkStatus();
}

absl::Status Show(const Options& options, const Clock& clock,
                  std::ostream& out) {
  PSM_ASSIGN_OR_RETURN(auto mesh, MeshAuthority::Open(options.run, clock));
  out << (options.all ? IndexReport(*mesh, clock.Now())
                      : StatusReport(*mesh, clock.Now()));
  return absl::OkStatus();
}

// One verb on the command line; `chosen` is set when it is the one given.
// `about` goes below its options: details, then examples.
CLI::App* AddVerb(CLI::App& app, Options& options, Verb& chosen,
                  const char* name, const char* description, const char* about,
                  Verb verb) {
  CLI::App* sub = app.add_subcommand(name, description);
  sub->add_option("--run", options.run, "The run folder of the mesh")
      ->required();
  sub->footer(about);
  sub->callback([&chosen, verb = std::move(verb)] { chosen = verb; });
  return sub;
}

void AddPatience(CLI::App* verb, Options& options) {
  verb->add_option("--patience", options.patience,
                   "How long processes may take to follow (60s)");
}

void AddIssuing(CLI::App& app, Options& options, Verb& chosen) {
  CLI::App* issue =
      AddVerb(app, options, chosen, "issue", "Give systems a certificate",
              "A system whose certificate is good for more than half of its\n"
              "life keeps it. A new certificate comes with a new key.\n\n"
              "Examples:\n"
              "  psm-pki issue --run run akatsuki/tax mesh/gateway\n"
              "  psm-pki issue --run run --life 10m --force akatsuki/tax",
              Issue);
  issue->add_option("systems", options.systems, "AGENCY/SYSTEM...")->required();
  issue->add_option("--life", options.life, "How long it is valid (24h)");
  issue->add_flag("--force", options.force, "Also where it is still good");

  CLI::App* renew = AddVerb(
      app, options, chosen, "renew", "Renew what is past half its life",
      "Certificates past half of their life, for the life they had,\n"
      "and the revocation lists. A revoked certificate is not renewed.\n"
      "With --follow it stays and does so by itself, at half of each\n"
      "life give or take a twentieth, authorities too; `psm up` starts\n"
      "it. What it does is logged on standard error.\n\n"
      "Examples:\n"
      "  psm-pki renew --run run\n"
      "  psm-pki renew --run run --force akatsuki/tax\n"
      "  psm-pki renew --run run --follow",
      Renew);
  CLI::Option* named =
      renew->add_option("systems", options.systems, "AGENCY/SYSTEM...");
  renew->add_flag("--all", options.all, "Every system (as when none is named)")
      ->excludes(named);
  CLI::Option* forced =
      renew->add_flag("--force", options.force, "Also where it is still good");
  renew
      ->add_flag("--follow", options.follow,
                 "Stay, and renew whatever comes due")
      ->excludes(named)
      ->excludes(forced);

  CLI::App* revoke =
      AddVerb(app, options, chosen, "revoke", "Revoke certificates",
              "Every certificate of a system, or one by its serial; an\n"
              "intermediate's serial takes everything under it along.\n"
              "Where the mesh runs, returns when it refuses them.\n\n"
              "Examples:\n"
              "  psm-pki revoke --run run akatsuki/tax\n"
              "  psm-pki revoke --run run --serial 5f0c61d2a94e7b830c1d",
              Revoke);
  revoke->add_option("systems", options.systems, "AGENCY/SYSTEM...");
  revoke->add_option("--serial", options.serial,
                     "Hexadecimal, as show prints it");
  AddPatience(revoke, options);
}

void AddAuthorities(CLI::App& app, Options& options, Verb& chosen) {
  AddVerb(app, options, chosen, "init", "Make root, intermediate and lists",
          "Makes what is missing of a mesh's PKI; safe to repeat.\n\n"
          "Examples:\n"
          "  psm-pki init --run run",
          Init);

  CLI::App* rotate = AddVerb(app, options, chosen, "rotate",
                             "Replace authorities and all certificates",
                             "A new root and intermediate, new certificates\n"
                             "for all systems, and the end of the old ones;\n"
                             "waits at each step until the processes that run\n"
                             "have followed, so that no call fails. Can be\n"
                             "interrupted, and run again to go on.\n"
                             "With `root` or `intermediate`: that step alone;\n"
                             "the present one stays trusted until `retire`.\n\n"
                             "Examples:\n"
                             "  psm-pki rotate --run run\n"
                             "  psm-pki rotate --run run --keep-root\n"
                             "  psm-pki rotate --run run intermediate",
                             Rotate);
  rotate->add_option("authority", options.authority, "root or intermediate")
      ->check(CLI::IsMember({"root", "intermediate"}));
  rotate->add_flag("--keep-root", options.keep_root,
                   "A new intermediate only, under the present root");
  AddPatience(rotate, options);

  AddVerb(app, options, chosen, "retire", "Stop trusting older authorities",
          "Refuses while a certificate in use still needs one.\n\n"
          "Examples:\n"
          "  psm-pki retire --run run",
          Retire);

  CLI::App* show = AddVerb(
      app, options, chosen, "show", "Show certificates and their state",
      "States: good; due (past half of its life); expired; revoked; refused\n"
      "(peers would not accept it); damaged; missing.\n\n"
      "Examples:\n"
      "  psm-pki show --run run\n"
      "  psm-pki show --run run --all",
      Show);
  show->add_flag("--all", options.all, "Every certificate ever issued");
}

}  // namespace

int RunCommand(int argc, const char* const* argv, const Clock& clock,
               std::ostream& out, std::ostream& error) {
  Options options;
  Verb chosen;
  CLI::App app(kDescription, "psm-pki");
  app.require_subcommand(1);
  app.fallthrough();
  AddAuthorities(app, options, chosen);
  AddIssuing(app, options, chosen);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& parse_error) {
    // Help is "an error" of code 0.
    return app.exit(parse_error, out, error) == 0 ? 0 : kUsage;
  }
  const absl::Status status = chosen(options, clock, out);
  if (status.ok()) return 0;
  error << "psm-pki: " << status.message() << "\n";
  return absl::IsInvalidArgument(status) ? kUsage : 1;
}

}  // namespace psm::pki
