#include "mesh/directory/configuration.h"

#include "absl/container/flat_hash_map.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "google/protobuf/io/tokenizer.h"
#include "google/protobuf/text_format.h"
#include "mesh/base/error.h"
#include "mesh/base/file_fingerprint.h"
#include "mesh/base/status_macros.h"
#include "mesh/contracts/utf8.h"
#include "mesh/directory/configuration_files.h"

namespace psm {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;
using google::protobuf::TextFormat;

// Takes the place of an element in messages: "file:line: what".
absl::Status Invalid(absl::string_view place, absl::string_view what) {
  return MakeError(absl::StatusCode::kInvalidArgument, "CONFIGURATION_INVALID",
                   Party::kGateway, absl::StrCat(place, ": ", what),
                   {{"place", place}});
}

// Keeps the first error: those that follow are often its consequences.
class FirstError : public google::protobuf::io::ErrorCollector {
 public:
  void AddError(int line, int column, const std::string& message) override {
    if (!place_.empty()) return;
    place_ = absl::StrCat(line + 1, ":", column + 1);
    message_ = message;
  }
  const std::string& place() const { return place_; }  // "line:column", from 1
  const std::string& message() const { return message_; }

 private:
  std::string place_;
  std::string message_;
};

// Whether every string in a message is UTF-8. The file is, but its escapes
// ("\xff") need not make it so.
bool IsText(const Message& message) {
  const Reflection& reflection = *message.GetReflection();
  std::vector<const FieldDescriptor*> fields;
  reflection.ListFields(message, &fields);
  for (const FieldDescriptor* field : fields) {
    const int count =
        field->is_repeated() ? reflection.FieldSize(message, field) : 1;
    for (int i = 0; i < count; ++i) {
      if (field->cpp_type() == FieldDescriptor::CPPTYPE_STRING) {
        const std::string& value =
            field->is_repeated()
                ? reflection.GetRepeatedStringReference(message, field, i,
                                                        nullptr)
                : reflection.GetStringReference(message, field, nullptr);
        if (!IsUtf8(value)) return false;
      } else if (field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
        const Message& inner =
            field->is_repeated()
                ? reflection.GetRepeatedMessage(message, field, i)
                : reflection.GetMessage(message, field);
        if (!IsText(inner)) return false;
      }
    }
  }
  return true;
}

// Merges files into one configuration and knows which ids it has seen.
class Loader {
 public:
  absl::Status AddText(const std::string& file, const std::string& text) {
    // Line by line: no character's encoding contains a line feed.
    int line = 0;
    for (absl::string_view part : absl::StrSplit(text, '\n')) {
      ++line;
      if (!IsUtf8(part))
        return Invalid(absl::StrCat(file, ":", line), "is not UTF-8");
    }
    FirstError error;
    TextFormat::ParseInfoTree places;
    TextFormat::Parser parser;
    parser.RecordErrorsTo(&error);
    parser.WriteLocationsTo(&places);
    config::v1::Mesh mesh;
    if (!parser.ParseFromString(text, &mesh))
      return Invalid(absl::StrCat(file, ":", error.place()), error.message());
    PSM_RETURN_IF_ERROR(
        AddElements(file, places, "agencies", "agency", mesh.agencies()));
    PSM_RETURN_IF_ERROR(
        AddElements(file, places, "systems", "system", mesh.systems()));
    PSM_RETURN_IF_ERROR(
        AddElements(file, places, "affairs", "affair", mesh.affairs()));
    PSM_RETURN_IF_ERROR(AddElements(file, places, "agreements", "agreement",
                                    mesh.agreements()));
    PSM_RETURN_IF_ERROR(
        AddElements(file, places, "datasets", "dataset", mesh.datasets()));
    AddSetting(file, places, "records_retention", mesh.has_records_retention());
    result_.mesh.MergeFrom(mesh);
    return absl::OkStatus();
  }

  absl::Status AddDescriptors(const std::string& file,
                              const std::string& bytes) {
    google::protobuf::FileDescriptorSet set;
    // Any bytes that happen to have the form of a message parse: a descriptor
    // set has files, and nothing else at its top.
    if (!set.ParseFromString(bytes) || set.file_size() == 0 ||
        !set.unknown_fields().empty())
      return Invalid(file,
                     "is not a descriptor set; make it with protoc "
                     "--include_imports --descriptor_set_out");
    result_.descriptor_sets.push_back(std::move(set));
    return absl::OkStatus();
  }

  Configuration Take() { return std::move(result_); }

 private:
  // Where a field of Mesh that occurs once is said; the last file counts.
  void AddSetting(const std::string& file,
                  const TextFormat::ParseInfoTree& places,
                  const std::string& field_name, bool said) {
    if (!said) return;
    const FieldDescriptor* field =
        config::v1::Mesh::descriptor()->FindFieldByName(field_name);
    const std::string place =
        absl::StrCat(file, ":", places.GetLocation(field, -1).line + 1);
    result_.origins.insert(result_.origins.begin(), {field_name, place});
  }

  // Elements of one repeated field of Mesh. `kind` names one of them.
  template <typename Elements>
  absl::Status AddElements(const std::string& file,
                           const TextFormat::ParseInfoTree& places,
                           const std::string& field_name,
                           absl::string_view kind, const Elements& elements) {
    const FieldDescriptor* field =
        config::v1::Mesh::descriptor()->FindFieldByName(field_name);
    for (int i = 0; i < elements.size(); ++i) {
      const std::string place =
          absl::StrCat(file, ":", places.GetLocation(field, i).line + 1);
      const auto& element = elements.Get(i);
      if (!IsText(element))
        return Invalid(
            place, absl::StrCat("a string of this ", kind, " is not UTF-8"));
      if (element.id().empty())
        return Invalid(place, absl::StrCat("this ", kind, " has no id"));
      const std::string name = absl::StrCat(kind, " ", element.id());
      auto [first, is_new] = places_.emplace(name, place);
      if (!is_new)
        return Invalid(
            place, absl::StrCat(name, " is defined already at ", first->second,
                                "; remove one of the two"));
      result_.origins.emplace_back(name, place);
    }
    return absl::OkStatus();
  }

  Configuration result_;
  absl::flat_hash_map<std::string, std::string> places_;  // element -> place
};

}  // namespace

absl::StatusOr<Configuration> LoadConfiguration(
    absl::Span<const std::string> folders) {
  PSM_ASSIGN_OR_RETURN(std::vector<std::string> files,
                       FindConfigurationFiles(folders));
  Loader loader;
  for (const std::string& file : files) {
    PSM_ASSIGN_OR_RETURN(std::string contents, ReadConfigurationFile(file));
    PSM_RETURN_IF_ERROR(absl::EndsWith(file, ".binpb")
                            ? loader.AddDescriptors(file, contents)
                            : loader.AddText(file, contents));
  }
  return loader.Take();
}

std::string ConfigurationFingerprint(absl::Span<const std::string> folders) {
  absl::StatusOr<std::vector<std::string>> files =
      FindConfigurationFiles(folders);
  // A folder that has gone is a change too.
  if (!files.ok()) return std::string(files.status().message());
  return FingerprintOf(*files);
}

std::string PlaceOf(const Configuration& configuration,
                    absl::string_view element) {
  for (const auto& [name, place] : configuration.origins)
    if (name == element) return place;
  return std::string(element);
}

absl::Status ConfigurationError(const Configuration& configuration,
                                absl::string_view element,
                                absl::string_view what) {
  const std::string place = PlaceOf(configuration, element);
  return MakeError(absl::StatusCode::kInvalidArgument, "CONFIGURATION_INVALID",
                   Party::kGateway,
                   place == element
                       ? absl::StrCat(element, ": ", what)
                       : absl::StrCat(place, ": ", element, ": ", what),
                   {{"place", place}, {"element", element}});
}

}  // namespace psm
