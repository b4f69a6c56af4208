# Arrow C++ as imported targets windrow::arrow, ::compute, ::flight, ::parquet, ::s3.
# An installed Arrow C++ is used when WINDROW_SYSTEM_ARROW is on; otherwise the libraries
# inside the pyarrow wheel of the project's Python environment. Nothing is written to
# site-packages: the linker is handed each file's full path, so no dev symlink is needed.
include_guard(GLOBAL)
option(WINDROW_SYSTEM_ARROW "Use find_package(Arrow) instead of the pyarrow wheel" OFF)

if(WINDROW_SYSTEM_ARROW)
  find_package(Arrow CONFIG REQUIRED)
  find_package(ArrowCompute CONFIG REQUIRED)
  find_package(ArrowFlight CONFIG REQUIRED)
  find_package(Parquet CONFIG REQUIRED)
  add_library(windrow::arrow ALIAS Arrow::arrow_shared)
  add_library(windrow::compute ALIAS ArrowCompute::arrow_compute_shared)
  add_library(windrow::flight ALIAS ArrowFlight::arrow_flight_shared)
  add_library(windrow::parquet ALIAS Parquet::parquet_shared)
  add_library(windrow::s3 ALIAS Arrow::arrow_shared)  # one library where Arrow is installed
  return()
endif()

# pip says which Python a wheel is for; otherwise it is that of the project's environment.
if(SKBUILD)
  set(WINDROW_PYTHON "${Python_EXECUTABLE}")
endif()
set(WINDROW_PYTHON "${PROJECT_SOURCE_DIR}/.venv/bin/python" CACHE FILEPATH
  "Python whose pyarrow provides Arrow C++")
execute_process(
  COMMAND "${WINDROW_PYTHON}" -c
    "import os, pyarrow as p; print(p.get_include(), os.path.dirname(p.__file__), p.__version__, p.cpp_build_info.so_version, sep=';')"
  OUTPUT_VARIABLE wheel OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
list(GET wheel 0 wheel_include)
list(GET wheel 1 wheel_dir)
list(GET wheel 2 wheel_version)
list(GET wheel 3 wheel_soversion)
message(STATUS "Arrow C++ ${wheel_version} from ${wheel_dir}")

function(windrow_wheel_library target stem)
  add_library(windrow::${target} SHARED IMPORTED GLOBAL)
  list(TRANSFORM ARGN PREPEND "windrow::" OUTPUT_VARIABLE dependencies)
  set_target_properties(windrow::${target} PROPERTIES
    IMPORTED_LOCATION "${wheel_dir}/lib${stem}.so.${wheel_soversion}"
    IMPORTED_SONAME "lib${stem}.so.${wheel_soversion}"
    INTERFACE_INCLUDE_DIRECTORIES "${wheel_include}"
    INTERFACE_LINK_LIBRARIES "${dependencies}")
endfunction()
windrow_wheel_library(arrow arrow)
windrow_wheel_library(compute arrow_compute arrow)
windrow_wheel_library(flight arrow_flight arrow)
windrow_wheel_library(parquet parquet arrow)
windrow_wheel_library(s3 arrow_s3 arrow)
