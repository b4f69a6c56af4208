# Compiler settings shared by every target; sanitizers are chosen by preset.
include_guard(GLOBAL)
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)

find_program(ccache_program ccache)
if(ccache_program)
  set(CMAKE_CXX_COMPILER_LAUNCHER "${ccache_program}")
endif()
find_program(mold_program mold)
if(mold_program)
  add_link_options(-fuse-ld=mold)
endif()

add_library(windrow_warnings INTERFACE)
target_compile_options(windrow_warnings INTERFACE
  -Wall -Wextra -Werror
  -Wno-missing-field-initializers  # options structs are filled by name
  -Wno-restrict)                   # false alarms of g++ 12 on std::string (GCC bug 105651)

set(WINDROW_SANITIZE "" CACHE STRING "Comma list for -fsanitize=, for example address,undefined")
if(WINDROW_SANITIZE)
  add_compile_options(-fsanitize=${WINDROW_SANITIZE} -fno-omit-frame-pointer
    -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${WINDROW_SANITIZE})
endif()
