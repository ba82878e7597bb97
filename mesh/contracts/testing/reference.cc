#include "mesh/contracts/testing/reference.h"

#include <cstdio>
#include <cstdlib>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "google/protobuf/stubs/logging.h"
#include "google/protobuf/text_format.h"
#include "google/protobuf/unknown_field_set.h"
#include "psm/annotations/v1/annotations.pb.h"

namespace psm {
namespace {

using annotations::v1::FieldContract;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

using Allowed = std::set<std::string>;
// The attribute that covers a message; nullopt: none.
using Covering = std::optional<std::string>;

class Minimiser {
 public:
  Minimiser(const Allowed& allowed, Minimised* result)
      : allowed_(allowed), result_(result) {}

  void Minimise(Message* message, const Covering& covering) {
    const Reflection& reflection = *message->GetReflection();
    std::vector<const FieldDescriptor*> present;
    reflection.ListFields(*message, &present);
    for (const FieldDescriptor* field : present) {
      const FieldContract& contract =
          field->options().GetExtension(annotations::v1::field);
      Covering attribute = covering;
      if (!contract.attribute().empty()) attribute = contract.attribute();
      const bool keep = !attribute || allowed_.count(*attribute) != 0;
      const bool named =
          contract.subject() || contract.corporation() || contract.page_token();
      if (named && reflection.GetString(*message, field).empty()) {
        reflection.ClearField(message, field);
        continue;
      }
      if (attribute)
        (keep ? result_->released : result_->withheld).insert(*attribute);
      if (field->message_type() != nullptr) {
        MinimiseMessages(message, field, attribute, keep);
      } else if (!keep) {
        reflection.ClearField(message, field);
      } else if (contract.subject() || contract.page_token()) {
        const std::string text = reflection.GetString(*message, field);
        auto code = contract.subject() ? translator_.TranslateSubject(text)
                                       : translator_.TranslatePageToken(text);
        if (!code.ok()) result_->refused = true;
        reflection.SetString(message, field, code.ok() ? *code : "");
      }
    }
  }

 private:
  // A message that is not kept stays for what is kept inside it, if anything.
  void MinimiseMessages(Message* message, const FieldDescriptor* field,
                        const Covering& attribute, bool keep) {
    const Reflection& reflection = *message->GetReflection();
    if (!field->is_repeated()) {
      Message* inner = reflection.MutableMessage(message, field);
      Minimise(inner, attribute);
      if (!keep && inner->ByteSizeLong() == 0)
        reflection.ClearField(message, field);
      return;
    }
    int kept = 0;
    for (int i = 0; i < reflection.FieldSize(*message, field); ++i) {
      Message* inner = reflection.MutableRepeatedMessage(message, field, i);
      Minimise(inner, attribute);
      if (keep || inner->ByteSizeLong() != 0)
        reflection.SwapElements(message, field, kept++, i);
    }
    while (reflection.FieldSize(*message, field) > kept)
      reflection.RemoveLast(message, field);
  }

  const Allowed& allowed_;
  Minimised* result_;
  ScramblingTranslator translator_;
};

class UnchangedTranslator : public FieldTranslator {
 public:
  absl::StatusOr<std::string> TranslateSubject(
      absl::string_view code) override {
    return std::string(code);
  }
  absl::StatusOr<std::string> TranslatePageToken(
      absl::string_view token) override {
    return std::string(token);
  }
};

bool HasUnknown(const Message& message) {
  const Reflection& reflection = *message.GetReflection();
  if (reflection.GetUnknownFields(message).field_count() != 0) return true;
  std::vector<const FieldDescriptor*> present;
  reflection.ListFields(message, &present);
  for (const FieldDescriptor* field : present) {
    if (field->message_type() == nullptr) continue;
    if (!field->is_repeated()) {
      if (HasUnknown(reflection.GetMessage(message, field))) return true;
      continue;
    }
    for (int i = 0; i < reflection.FieldSize(message, field); ++i) {
      if (HasUnknown(reflection.GetRepeatedMessage(message, field, i)))
        return true;
    }
  }
  return false;
}

Allowed NamesIn(const MethodPlan& plan, AttributeMask mask) {
  const std::vector<std::string> names = plan.NamesOf(mask);
  return Allowed(names.begin(), names.end());
}

}  // namespace

absl::StatusOr<std::string> ScramblingTranslator::TranslatePageToken(
    absl::string_view token) {
  return TranslateSubject(absl::StrCat("page ", token));
}

absl::StatusOr<std::string> ScramblingTranslator::TranslateSubject(
    absl::string_view code) {
  ++calls_;
  if (code[0] == '!') return absl::InvalidArgumentError("not a code");
  std::uint32_t hash = 2166136261u;  // FNV-1a
  for (char c : code) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619u;
  const std::size_t size = hash % 4 == 0 ? 1 + hash / 4 % 200 : code.size();
  return std::string(size, static_cast<char>('a' + hash / 1024 % 26));
}

std::unique_ptr<Message> Reference::Parse(const std::string& type,
                                          absl::string_view bytes) {
  const google::protobuf::Descriptor* descriptor =
      contracts_->pool().FindMessageTypeByName(type);
  if (descriptor == nullptr) {
    std::fprintf(stderr, "no type %s\n", type.c_str());
    std::abort();
  }
  const google::protobuf::LogSilencer silencer;  // it logs what is not UTF-8
  std::unique_ptr<Message> message(factory_.GetPrototype(descriptor)->New());
  if (!message->ParseFromArray(bytes.data(), static_cast<int>(bytes.size())))
    return nullptr;
  return message;
}

std::unique_ptr<Message> Reference::FromText(const std::string& type,
                                             const std::string& text) {
  std::unique_ptr<Message> message = Parse(type, "");
  if (!google::protobuf::TextFormat::ParseFromString(text, message.get())) {
    std::fprintf(stderr, "not a %s: %s\n", type.c_str(), text.c_str());
    std::abort();
  }
  return message;
}

Minimised Reference::Minimise(const Message& message, const Allowed& allowed) {
  Minimised result;
  result.message.reset(message.New());
  result.message->CopyFrom(message);
  result.message->DiscardUnknownFields();
  Minimiser(allowed, &result).Minimise(result.message.get(), std::nullopt);
  return result;
}

std::string Reference::Judge(const MethodPlan& plan, bool request,
                             absl::string_view bytes, AttributeMask allowed) {
  const MessagePlan& message_plan = request ? *plan.request : *plan.response;
  const google::protobuf::MethodDescriptor* method =
      contracts_->pool().FindMethodByName(absl::StrCat(
          plan.service, ".", plan.name.substr(plan.service.size() + 1)));
  const std::string& type = request ? method->input_type()->full_name()
                                    : method->output_type()->full_name();
  ScramblingTranslator translator;
  absl::StatusOr<Rewritten> rewritten =
      Rewrite(message_plan, bytes, {allowed, &translator, "", 0});
  std::unique_ptr<Message> parsed = Parse(type, bytes);
  if (!rewritten.ok()) return "";
  if (parsed == nullptr) return "accepted what protobuf refuses";
  Minimised expected = Minimise(*parsed, NamesIn(plan, allowed));
  if (expected.refused) return "accepted what the translator refuses";
  if (expected.released != NamesIn(plan, rewritten->released))
    return absl::StrCat("released should be ",
                        absl::StrJoin(expected.released, ","));
  if (expected.withheld != NamesIn(plan, rewritten->withheld))
    return absl::StrCat("withheld should be ",
                        absl::StrJoin(expected.withheld, ","));
  if (rewritten->dropped_unknown != HasUnknown(*parsed))
    return "dropped_unknown is wrong";
  std::unique_ptr<Message> output = Parse(type, rewritten->message);
  if (output == nullptr) return "the output does not parse";
  if (HasUnknown(*output)) return "the output has unknown fields";
  if (output->SerializeAsString() != expected.message->SerializeAsString())
    return absl::StrCat("got ", output->ShortDebugString(), " instead of ",
                        expected.message->ShortDebugString());
  UnchangedTranslator unchanged;
  absl::StatusOr<Rewritten> again =
      Rewrite(message_plan, rewritten->message, {allowed, &unchanged, "", 0});
  if (!again.ok() || again->message != rewritten->message ||
      again->dropped_unknown)
    return "rewriting the output changes it";
  return "";
}

}  // namespace psm
