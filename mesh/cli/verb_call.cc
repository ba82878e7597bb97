// call.
#include <chrono>
#include <cstdio>
#include <iostream>
#include <iterator>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "google/protobuf/dynamic_message.h"
#include "google/protobuf/util/json_util.h"
#include "grpcpp/create_channel.h"
#include "mesh/agency/call_context.h"
#include "mesh/agency/credentials.h"
#include "mesh/agency/kept_call.h"
#include "mesh/base/clock.h"
#include "mesh/base/error.h"
#include "mesh/base/status_macros.h"
#include "mesh/cli/persona_file.h"
#include "mesh/cli/receipt_file.h"
#include "mesh/cli/verb.h"
#include "mesh/gateway/policy_loader.h"

namespace psm {
namespace {

struct Options {
  std::string as;
  std::string affair;
  std::string person;
  std::string provider;
  std::string consent;
  std::string representation;
  std::string exchange_id;
  std::string receipt;  // file to write
  double timeout = 10;
  std::string method;
  std::string json = "{}";
};

const google::protobuf::MethodDescriptor* FindMethod(
    const ContractSet& contracts, const std::string& name) {
  std::string dotted = name.front() == '/' ? name.substr(1) : name;
  const std::size_t slash = dotted.find('/');
  if (slash != std::string::npos) dotted[slash] = '.';
  return contracts.pool().FindMethodByName(dotted);
}

// The field of a request that names the person: the contract's, or `subject` in
// the gateway's own services.
void SetPerson(const MethodPlan* plan, const std::string& code,
               google::protobuf::Message& request) {
  const auto* type = request.GetDescriptor();
  const auto* field =
      plan == nullptr ? type->FindFieldByName("subject")
      : plan->request_subject_field != 0
          ? type->FindFieldByNumber(plan->request_subject_field)
      : plan->request_corporation_field != 0
          ? type->FindFieldByNumber(plan->request_corporation_field)
          : nullptr;
  if (field != nullptr)
    request.GetReflection()->SetString(&request, field, code);
}

// Whether the mesh records calls of the method, so that the caller keeps its
// side of them.
bool IsRecorded(const ContractSet& contracts, const std::string& path) {
  const MethodPlan* plan = contracts.FindByPath(path);
  return plan != nullptr ? !plan->transparent
                         : agency::IsRecordedOwnMethod(path.substr(1));
}

std::string Shown(const absl::Status& status) {
  std::string text = absl::StrCat(absl::StatusCodeToString(status.code()), ": ",
                                  status.message());
  std::optional<ErrorDetail> detail = DetailOf(status);
  if (!detail.has_value()) return text;
  absl::StrAppend(&text, "\n  reason: ", detail->reason,
                  "\n  failed: ", PartyName(detail->party));
  for (const auto& [key, value] : detail->metadata)
    absl::StrAppend(&text, "\n  ", key, ": ", value);
  return text;
}

// The request that the caller wrote, with the code of the person who is named.
absl::Status FillRequest(const Options& options, const RunFolder& folder,
                         const System& system, const MethodPlan* plan,
                         google::protobuf::Message& request) {
  std::string json = options.json;
  if (json == "-") json.assign(std::istreambuf_iterator<char>(std::cin), {});
  auto parsed = google::protobuf::util::JsonStringToMessage(json, &request);
  if (!parsed.ok()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "the request is not a ", request.GetDescriptor()->full_name(),
        " in JSON: ", std::string(parsed.message())));
  }
  if (options.person.empty()) return absl::OkStatus();
  PSM_ASSIGN_OR_RETURN(seed::v1::Persona persona,
                       FindPersona(folder, options.person));
  PSM_ASSIGN_OR_RETURN(std::string code,
                       CodeAt(folder, *system.agency, persona));
  SetPerson(plan, code, request);
  return absl::OkStatus();
}

absl::StatusOr<std::shared_ptr<grpc::Channel>> ChannelOf(
    const CommandLine& line, const std::string& system,
    const std::string& endpoint) {
  static const SystemClock clock;
  PSM_ASSIGN_OR_RETURN(std::shared_ptr<grpc::ChannelCredentials> credentials,
                       agency::ReadChannelCredentials(
                           agency::CredentialFiles::In(line.run, system), clock,
                           std::make_shared<RevocationListNumbers>()));
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);
  // As the system itself would: what it has asked is its own side, whoever
  // asked in its name.
  absl::StatusOr<std::unique_ptr<SideLedger>> ledger =
      SideLedger::Open({RunFolder(line.run).Ledger(system)}, clock);
  return agency::WithLedger(
      grpc::CreateCustomChannel(endpoint, credentials, arguments),
      ledger.ok() ? *std::move(ledger) : nullptr);
}

// gRPC aborts the process on metadata that it cannot send.
absl::Status AddMetadata(const Options& options, grpc::ClientContext& context) {
  for (const auto& [key, value] :
       {std::pair<const char*, std::string>("psm-provider", options.provider),
        {"psm-consent", options.consent},
        {"psm-representation", options.representation},
        {"psm-exchange-id", options.exchange_id}}) {
    if (value.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRST"
                                "UVWXYZ0123456789-_./") != std::string::npos) {
      return absl::InvalidArgumentError(
          absl::StrCat(key, " holds characters that it cannot hold"));
    }
    if (!value.empty()) context.AddMetadata(key, value);
  }
  return absl::OkStatus();
}

// Shows an answer, parsed into `response`, as JSON.
absl::Status Print(const std::string& message,
                   google::protobuf::Message& response) {
  if (!response.ParseFromString(message))
    return absl::InternalError("the answer does not parse");
  google::protobuf::util::JsonPrintOptions print;
  print.add_whitespace = true;
  print.preserve_proto_field_names = true;
  std::string json;
  auto printed =
      google::protobuf::util::MessageToJsonString(response, &json, print);
  if (!printed.ok())
    return absl::InternalError("the answer cannot be printed as JSON");
  std::fputs(json.c_str(), stdout);
  return absl::OkStatus();
}

// Proves the receipt, as soon as the log is published, and keeps the proofs of
// all its records.
absl::Status KeepReceipt(const std::string& bytes, const std::string& file,
                         const std::shared_ptr<grpc::Channel>& channel) {
  constexpr absl::Duration kTimeout = absl::Seconds(10);
  records::v1::Receipt receipt;
  if (bytes.empty() || !receipt.ParseFromString(bytes) ||
      receipt.leaves_size() == 0) {
    return absl::NotFoundError(
        "the call came without a receipt: only exchanges that are recorded "
        "have one");
  }
  PSM_ASSIGN_OR_RETURN(std::vector<records::v1::ReceiptProof> proofs,
                       FetchProofs(channel, receipt, kTimeout));
  PSM_RETURN_IF_ERROR(WriteReceiptFile(file, proofs));
  std::fprintf(stderr, "receipt in %s; ./psm verify receipt %s\n", file.c_str(),
               file.c_str());
  return absl::OkStatus();
}

absl::Status Call(const CommandLine& line, const Options& options) {
  PSM_ASSIGN_OR_RETURN(std::unique_ptr<Launcher> launcher, OpenMesh(line));
  PSM_ASSIGN_OR_RETURN(std::shared_ptr<const PolicyEngine> policy,
                       LoadPolicy(launcher->options().configuration));
  const System* system = policy->directory().FindSystem(options.as);
  if (system == nullptr)
    return absl::NotFoundError(
        absl::StrCat("no system ", options.as, "; ./psm status lists them"));
  const auto* method = FindMethod(policy->contracts(), options.method);
  if (method == nullptr) {
    return absl::NotFoundError(
        absl::StrCat("no method ", options.method,
                     "; write it as psm.tax.v1.TaxService/GetTaxStatus"));
  }
  const std::string path =
      absl::StrCat("/", method->service()->full_name(), "/", method->name());
  google::protobuf::DynamicMessageFactory factory(&policy->contracts().pool());
  const std::unique_ptr<google::protobuf::Message> request(
      factory.GetPrototype(method->input_type())->New());
  PSM_RETURN_IF_ERROR(FillRequest(options, launcher->folder(), *system,
                                  policy->contracts().FindByPath(path),
                                  *request));

  const std::string endpoint = launcher->States().front().endpoint;
  if (endpoint.empty())
    return absl::UnavailableError(
        "the gateway does not run; ./psm up starts it");
  const std::unique_ptr<grpc::ClientContext> context =
      agency::Outgoing(nullptr, options.affair, absl::Seconds(options.timeout));
  PSM_RETURN_IF_ERROR(AddMetadata(options, *context));
  PSM_ASSIGN_OR_RETURN(const std::shared_ptr<grpc::Channel> channel,
                       ChannelOf(line, options.as, endpoint));
  const SystemClock clock;
  const absl::Duration started = clock.Monotonic();
  const agency::RawReply reply =
      IsRecorded(policy->contracts(), path)
          ? agency::CallKept(channel, context.get(), path.substr(1),
                             options.exchange_id, request->SerializeAsString())
          : agency::CallRaw(channel, context.get(), path.substr(1),
                            request->SerializeAsString());
  const absl::Duration took = clock.Monotonic() - started;
  if (!reply.exchange_id.empty()) {
    std::fprintf(stderr, "exchange %s, %.1f ms\n", reply.exchange_id.c_str(),
                 absl::ToDoubleMilliseconds(took));
  }
  if (!options.receipt.empty() &&
      (reply.status.ok() || !reply.receipt.empty())) {
    PSM_RETURN_IF_ERROR(KeepReceipt(reply.receipt, options.receipt, channel));
  }
  if (!reply.status.ok()) {
    const absl::Status refused = agency::FromGrpc(reply.status);
    return absl::Status(absl::StatusCode::kFailedPrecondition, Shown(refused));
  }
  const std::unique_ptr<google::protobuf::Message> response(
      factory.GetPrototype(method->output_type())->New());
  return Print(reply.message, *response);
}

}  // namespace

void AddCall(CLI::App& app, CommandLine& line) {
  CLI::App* verb = app.add_subcommand(
      "call", "Call any method through the gateway, as any system");
  verb->footer(
      "Examples:\n"
      "  ./psm call --as akatsuki/benefits --affair benefit-tax-exempt "
      "--person hanako \\\n"
      "    --provider yunagi/tax psm.tax.v1.TaxService/GetTaxStatus\n"
      "  ./psm call --as yunagi/tax --affair collect-arrears --person kenji "
      "\\\n"
      "    psm.accounts.v1.AccountsService/GetAccount                  "
      "refused, and says why");
  auto* options = new Options;
  verb->add_option("--as", options->as, "The calling system, agency/system")
      ->required();
  verb->add_option("--affair", options->affair, "Affair id (psm-affair)");
  verb->add_option("--person", options->person,
                   "Fill the subject of the request with this persona's code "
                   "(./psm people)");
  verb->add_option(
      "--provider", options->provider,
      "Which provider, where several provide the service (psm-provider)");
  verb->add_option("--consent", options->consent,
                   "Consent token (psm-consent)");
  verb->add_option("--representation", options->representation,
                   "Token of who acts for the person (psm-representation)");
  verb->add_option("--exchange-id", options->exchange_id,
                   "UUID, to retry the same exchange (psm-exchange-id)");
  verb->add_option("--receipt", options->receipt,
                   "Keep the exchange's receipt, proved, in this file "
                   "(./psm verify receipt FILE)");
  verb->add_option("--timeout", options->timeout, "Seconds")
      ->capture_default_str()
      ->check(CLI::Range(0.001, 3600.0));
  verb->add_option("METHOD", options->method, "package.Service/Method")
      ->required();
  verb->add_option("JSON", options->json, "The request; - reads standard input")
      ->capture_default_str();
  verb->callback([&line, options] {
    line.chosen = [&line, options] { return Call(line, *options); };
  });
}

}  // namespace psm
