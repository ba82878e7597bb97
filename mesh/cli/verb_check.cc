// check.
#include <cstdio>
#include <filesystem>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "mesh/base/clock.h"
#include "mesh/base/status_macros.h"
#include "mesh/cli/help_page.h"
#include "mesh/cli/table.h"
#include "mesh/cli/verb.h"
#include "mesh/gateway/policy_loader.h"
#include "mesh/policy/own_explanation.h"

namespace psm {
namespace {

namespace fs = std::filesystem;

struct Options {
  std::vector<std::string> configuration;
  std::vector<std::string> why;
  std::string provider;
};

// The folders of the mesh that was started here; of none, the project's own.
// Those given are added.
std::vector<std::string> Folders(const CommandLine& line,
                                 const Options& options) {
  absl::StatusOr<LaunchOptions> settings = ReadSettings(line.run);
  std::vector<std::string> folders;
  if (settings.ok()) {
    folders = settings->configuration;
  } else {
    folders = {
        line.source_root + "/services",
        fs::path(line.programs + "/../contracts").lexically_normal().string()};
  }
  for (const std::string& folder : options.configuration)
    folders.push_back(fs::absolute(folder).string());
  return folders;
}

std::string Basis(const CompiledAgreement& agreement) {
  return agreement.by_consent ? "the person's consent" : agreement.statute.en;
}

void ShowAll(const PolicyEngine& policy) {
  Table table({"consumer", "affair", "may get", "on the basis of"});
  for (const CompiledAgreement* agreement : policy.agreements()) {
    for (const CompiledGrant& grant : agreement->grants) {
      std::vector<std::string> names = grant.plan->NamesOf(grant.attributes);
      const std::string what =
          names.empty()
              ? grant.plan->name.substr(grant.plan->name.rfind('.') + 1)
              : absl::StrCat(grant.plan->dataset, ": ",
                             absl::StrJoin(names, " "));
      table.Add({agreement->consumer->id, agreement->affair->id, what,
                 Basis(*agreement)});
    }
    if (agreement->records != 0)
      table.Add(
          {agreement->consumer->id, agreement->affair->id,
           absl::StrCat("records: of any of the ",
                        absl::StrJoin(RecordsPlan().NamesOf(agreement->records),
                                      " and ")),
           Basis(*agreement)});
    for (const CompiledEventGrant& grant : agreement->events)
      table.Add({agreement->consumer->id, agreement->affair->id,
                 absl::StrCat("events: ", absl::StrJoin(grant.types, " ")),
                 Basis(*agreement)});
  }
  std::fputs(table.Text().c_str(), stdout);
  std::printf("%zu agencies, %zu systems, %zu agreements: valid.\n",
              policy.directory().agencies().size(),
              policy.directory().systems().size(), policy.agreements().size());
}

void Show(const Explanation& explanation) {
  PrintWrapped(absl::StrCat(
      explanation.allowed
          ? (explanation.needs_consent ? "Allowed with consent" : "Allowed")
          : "Refused",
      ": ", explanation.rule, "\n"));
  for (const std::string& near : explanation.near)
    PrintWrapped(absl::StrCat("Near: ", near, "\n"));
  if (!explanation.missing_agreement.empty()) {
    std::printf(
        "This would allow it, in a *.textproto of a configuration "
        "folder:\n\n%s",
        explanation.missing_agreement.c_str());
  }
}

// A provider's contract or the gateway's own, by its name or path; or null.
const MethodPlan* FindPlan(const PolicyEngine& policy,
                           const std::string& method) {
  for (const MethodPlan* own : {&EventsPlan(), &RecordsPlan()})
    if (method == own->name || method == own->path) return own;
  const MethodPlan* const named = policy.contracts().FindByName(method);
  return named != nullptr ? named : policy.contracts().FindByPath(method);
}

absl::Status Why(const PolicyEngine& policy, const Options& options) {
  const System* consumer = policy.directory().FindSystem(options.why[0]);
  if (consumer == nullptr) {
    return absl::NotFoundError(absl::StrCat("no system ", options.why[0],
                                            "; ./psm status lists them"));
  }
  const MethodPlan* const plan = FindPlan(policy, options.why[1]);
  if (plan == nullptr) {
    return absl::NotFoundError(
        absl::StrCat("no contract has the method ", options.why[1],
                     "; write it as psm.tax.v1.TaxService/GetTaxStatus"));
  }
  const System* provider = nullptr;
  if (!options.provider.empty()) {
    provider = policy.directory().FindSystem(options.provider);
    if (provider == nullptr)
      return absl::NotFoundError(absl::StrCat("no system ", options.provider));
  }
  const absl::Time now = SystemClock().Now();
  const Explanation explanation =
      plan == &EventsPlan()
          ? ExplainEvents(policy, *consumer, options.why[2], provider, now)
      : plan == &RecordsPlan()
          ? ExplainRecords(policy, *consumer, options.why[2], now)
          : policy.Explain(*consumer, *plan, options.why[2], provider, now);
  Show(explanation);
  return absl::OkStatus();
}

}  // namespace

void AddCheck(CLI::App& app, CommandLine& line) {
  CLI::App* verb =
      app.add_subcommand("check",
                         "Validate the configuration and show who may get "
                         "what, for which affair, on which basis");
  verb->footer(
      "Examples:\n"
      "  ./psm check\n"
      "  ./psm check --config my-agency\n"
      "  ./psm check --why yunagi/tax "
      "psm.accounts.v1.AccountsService/GetAccount collect-arrears\n"
      "  ./psm check --why hoshizora-bank/customers "
      "psm.events.v1.EventsService/Subscribe customer-address");
  auto* options = new Options;
  verb->add_option("--config", options->configuration,
                   "A configuration folder to add; repeatable");
  verb->add_option("--why", options->why,
                   "Which rule allows or refuses, and what agreement is "
                   "missing")
      ->expected(3)
      ->type_name("CONSUMER METHOD AFFAIR");
  verb->add_option("--provider", options->provider,
                   "With --why: ask about this provider only; of events, this "
                   "publisher");
  verb->callback([&line, options] {
    line.chosen = [&line, options]() -> absl::Status {
      PSM_ASSIGN_OR_RETURN(std::shared_ptr<const PolicyEngine> policy,
                           LoadPolicy(Folders(line, *options)));
      if (!options->why.empty()) return Why(*policy, *options);
      ShowAll(*policy);
      return absl::OkStatus();
    };
  });
}

}  // namespace psm
