// records.
#include <cstdio>
#include <deque>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/time.h"
#include "google/protobuf/util/json_util.h"
#include "mesh/base/status_macros.h"
#include "mesh/cli/persona_file.h"
#include "mesh/cli/table.h"
#include "mesh/cli/verb.h"
#include "mesh/records/record_reader.h"
#include "mesh/records/timestamp.h"

namespace psm {
namespace {

struct Options {
  std::string person;
  std::size_t last = 20;
  bool json = false;
};

std::string TimeOf(const google::protobuf::Timestamp& time) {
  return absl::FormatTime("%m-%d %H:%M:%E3S", FromTimestamp(time),
                          absl::LocalTimeZone());
}

std::string WhatHappened(const records::v1::Record& record) {
  using records::v1::Record;
  const std::string items = absl::StrJoin(record.released(), ", ");
  switch (record.kind()) {
    case Record::EXCHANGE: {
      std::string text =
          items.empty() ? "done" : absl::StrCat("released ", items);
      if (record.withheld_size() > 0)
        absl::StrAppend(&text, "; withheld ",
                        absl::StrJoin(record.withheld(), ", "));
      if (record.named_in_answer())
        absl::StrAppend(&text, " (named in the answer)");
      return text;
    }
    case Record::INTENT:
      return "about to write";
    case Record::REFUSALS:
      return absl::StrCat("REFUSED ", record.reason(), ", ", record.count(),
                          " more times");
    case Record::KEY_ROTATION:
      return "the log has a new key";
    case Record::EXPUNGED:
      return absl::StrCat(
          "expunged records ", record.expunged_begin(), " to ",
          record.expunged_end() - 1, ", all recorded before ",
          absl::FormatTime("%Y-%m-%d %H:%M:%S",
                           FromTimestamp(record.expunged_before()),
                           absl::LocalTimeZone()));
    default:
      return absl::StrCat("REFUSED ", record.reason());
  }
}

// The person does not see it in the history; a developer does here.
std::string Marked(const records::v1::Record& record) {
  const char* const acting = record.acting() ? " (acting for another)"
                             : record.representation_id().empty()
                                 ? ""
                                 : " (by a representative)";
  return absl::StrCat(WhatHappened(record), acting,
                      record.undisclosed_by().empty() ? "" : " (undisclosed)");
}

absl::Status ShowRecords(const CommandLine& line, const Options& options) {
  PSM_RETURN_IF_ERROR(ReadSettings(line.run).status());
  const RunFolder folder(line.run);
  std::string subject;
  std::string corporation;
  if (!options.person.empty()) {
    PSM_ASSIGN_OR_RETURN(seed::v1::Persona persona,
                         FindPersona(folder, options.person));
    corporation = persona.corporate_number();
    if (corporation.empty()) {
      PSM_ASSIGN_OR_RETURN(subject, RecordsCodeOf(folder, persona));
    }
  }
  std::deque<records::v1::Record> kept;
  PSM_RETURN_IF_ERROR(
      RecordReader(folder.Records())
          .Read(0,
                [&](std::uint64_t, const records::v1::Record& record) {
                  if (!subject.empty() && record.subject() != subject)
                    return true;
                  if (!corporation.empty() &&
                      record.corporation() != corporation)
                    return true;
                  kept.push_back(record);
                  if (kept.size() > options.last) kept.pop_front();
                  return true;
                })
          .status());
  if (options.json) {
    for (const auto& record : kept) {
      std::string json;
      google::protobuf::util::JsonPrintOptions print;
      print.preserve_proto_field_names = true;
      auto printed =
          google::protobuf::util::MessageToJsonString(record, &json, print);
      if (!printed.ok()) return absl::InternalError("cannot print a record");
      std::printf("%s\n", json.c_str());
    }
    return absl::OkStatus();
  }
  if (kept.empty()) {
    std::printf("No records%s.\n",
                options.person.empty()
                    ? " yet"
                    : absl::StrCat(" about ", options.person).c_str());
    return absl::OkStatus();
  }
  Table table({"time", "consumer", "provider", "affair", "what happened"});
  for (const auto& record : kept) {
    table.Add({TimeOf(record.ask_time()), record.consumer(),
               record.provider().empty() ? "-" : record.provider(),
               record.affair(), Marked(record)});
  }
  std::fputs(table.Text().c_str(), stdout);
  return absl::OkStatus();
}

}  // namespace

void AddRecords(CLI::App& app, CommandLine& line) {
  CLI::App* verb = app.add_subcommand(
      "records", "What the record log holds, oldest first (development only)");
  verb->footer(
      "Examples:\n  ./psm records\n  ./psm records --person hanako\n  ./psm "
      "records --json --last 1000 | jq .");
  auto* options = new Options;
  verb->add_option("--person", options->person,
                   "Only records about this persona (./psm people)");
  verb->add_option("--last", options->last, "At most this many")
      ->capture_default_str();
  verb->add_flag("--json", options->json, "One psm.records.v1.Record a line");
  verb->callback([&line, options] {
    line.chosen = [&line, options] { return ShowRecords(line, *options); };
  });
}

}  // namespace psm
