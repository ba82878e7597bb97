# SOCI 4.0 in Debian 12 ships no CMake configuration: soci::core and soci::sqlite3 are made here.
find_path(PSM_SOCI_INCLUDE soci/soci.h REQUIRED)
find_library(PSM_SOCI_CORE soci_core REQUIRED)
find_library(PSM_SOCI_SQLITE3 soci_sqlite3 REQUIRED)

add_library(soci::core UNKNOWN IMPORTED)
set_target_properties(soci::core PROPERTIES IMPORTED_LOCATION ${PSM_SOCI_CORE}
  INTERFACE_INCLUDE_DIRECTORIES ${PSM_SOCI_INCLUDE})
add_library(soci::sqlite3 UNKNOWN IMPORTED)
set_target_properties(soci::sqlite3 PROPERTIES IMPORTED_LOCATION ${PSM_SOCI_SQLITE3}
  INTERFACE_LINK_LIBRARIES "soci::core;sqlite3")
