# The Debian packages: `cpack --config build/CPackConfig.cmake` makes one of each component.
# What a package needs to run is found by dpkg-shlibdeps; what a linker needs is libaisle-dev's to name.
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME aisle)
set(CPACK_PACKAGE_VERSION ${PROJECT_VERSION})
set(CPACK_PACKAGE_CONTACT "The Aisle authors <authors@aisle.invalid>")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_PRE_BUILD_SCRIPTS ${CMAKE_CURRENT_SOURCE_DIR}/finish.cmake)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
  OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
set(CPACK_COMPONENTS_ALL library development program)

set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_COMPRESSION_TYPE xz)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION TRUE)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS ON)
set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS_POLICY ">=")

set(about "Aisle is an embedded full-text search engine for products: a library and a
program over catalogs that are directories, crash-safe, searched by any number
of processes while one writes.")

set(CPACK_DEBIAN_LIBRARY_PACKAGE_NAME libaisle${PROJECT_VERSION_MAJOR})
set(CPACK_DEBIAN_LIBRARY_PACKAGE_SECTION libs)
set(CPACK_DEBIAN_LIBRARY_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_LIBRARY_PACKAGE_CONTROL_EXTRA ${CMAKE_CURRENT_SOURCE_DIR}/triggers)
set(CPACK_DEBIAN_LIBRARY_DESCRIPTION "embedded product search engine - shared library\n${about}")

set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_NAME libaisle-dev)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_SECTION libdevel)
string(CONCAT CPACK_DEBIAN_DEVELOPMENT_PACKAGE_DEPENDS "libaisle${PROJECT_VERSION_MAJOR} (= ${PROJECT_VERSION}), "
  "liblmdb-dev, libstemmer-dev, libutf8proc-dev, libzstd-dev, libxxhash-dev, libyajl-dev")
set(CPACK_DEBIAN_DEVELOPMENT_DESCRIPTION "embedded product search engine - development files\n${about}

This package has the header, the static library, the pkg-config file, the
CMake package, the manual and examples.")

set(CPACK_DEBIAN_PROGRAM_PACKAGE_NAME aisle)
set(CPACK_DEBIAN_PROGRAM_PACKAGE_SECTION database)
set(CPACK_DEBIAN_PROGRAM_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PROGRAM_DESCRIPTION "embedded product search engine - command line\n${about}")

# Each package's copyright and changelog; the date honours SOURCE_DATE_EPOCH.
string(TIMESTAMP AISLE_BUILD_DATE "%a, %d %b %Y %H:%M:%S +0000" UTC)
configure_file(changelog.in changelog @ONLY)
foreach(pair library:libaisle${PROJECT_VERSION_MAJOR} development:libaisle-dev program:aisle)
  string(REGEX MATCH "^(.*):(.*)$" pair ${pair})
  install(FILES copyright ${CMAKE_CURRENT_BINARY_DIR}/changelog
    DESTINATION ${CMAKE_INSTALL_DATAROOTDIR}/doc/${CMAKE_MATCH_2} COMPONENT ${CMAKE_MATCH_1})
endforeach()

include(CPack)
