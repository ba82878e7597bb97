#include "services/story/stories.h"

#include "services/story/scenes.h"

namespace psm::story {

const std::vector<Story>& Stories() {
  static const auto& stories = *new std::vector<Story>{
      {"once",
       "一度きり",
       "asked once, and never again: the whole tour",
       {WithoutTheMesh, WithTheMesh, WhatARoomFears, SomebodyElsesAccount,
        ConsentAndWithdrawal, TheCompanysForm, TheDiskIsFull,
        HistoryOf("hanako"), TheAuditor}},
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
       "a company's form fills itself in",
       {TheCompanysForm, TheAuditor}},
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
