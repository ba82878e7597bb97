#include "services/story/stories.h"

#include "services/story/scenes.h"

namespace psm::story {

const std::vector<Story>& Stories() {
  static const auto& stories = *new std::vector<Story>{
      {"once",
       "一度きり",
       "asked once, and never again: the whole tour",
       {WithoutTheMesh, WithTheMesh, WhatARoomFears, SomebodyElsesAccount,
        ConsentAndWithdrawal, TheDiskIsFull, HistoryOf("hanako"), TheAuditor}},
      {"benefit",
       "給付金",
       "a household is paid, and brings no paper",
       {WithoutTheMesh, WithTheMesh, HistoryOf("hanako"), TheAuditor}},
      {"consent",
       "同意",
       "a bank learns an address while its owner wants it to",
       {ConsentAndWithdrawal, HistoryOf("hanako"), TheAuditor}},
      {"subsidy",
       "補助金",
       "a company lets another business apply, and reads what came of it",
       {ASubsidyThroughADelegate, TheAuditor}},
      {"moving",
       "引越しワンストップ",
       "a mother and her child move, and give notice once",
       {OneNotice, HistoryOf("misaki"), TheAuditor}},
      {"mislink",
       "紐付け誤り",
       "a tax record is tied to the wrong person, and corrected",
       {TheWrongPersonsRecord, HistoryOf("aoi"), HistoryOf("namesake"),
        TheAuditor}},
      {"marriage",
       "氏名の変更",
       "a woman takes another name, and what carried the old one waits",
       {ANewName, HistoryOf("hanako"), TheAuditor}},
      {"protected",
       "支援措置",
       "no path shows where a protected person lives",
       {NoPathLeadsToHim, HistoryOf("kenji"), ProtectionEnds, TheAuditor}},
  };
  return stories;
}

const Story* FindStory(absl::string_view name) {
  for (const Story& story : Stories()) {
    if (story.name == name) return &story;
  }
  return nullptr;
}

}  // namespace psm::story
