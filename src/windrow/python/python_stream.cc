// SPDX-License-Identifier: Apache-2.0
#include "windrow/python/python_stream.h"

#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <deque>
#include <string>
#include <utility>

#include "windrow/plan/open_files.h"
#include "windrow/python/capsule.h"
#include "windrow/python/gil.h"
#include "windrow/python/raise.h"

namespace windrow::python {
namespace {

namespace nb = nanobind;
using BatchPtr = std::shared_ptr<arrow::RecordBatch>;

/// Nothing at the iterator's end.
nb::object NextOf(const nb::object& iterator) {
  PyObject* next = PyIter_Next(iterator.ptr());
  if (next == nullptr && PyErr_Occurred() != nullptr) nb::raise_python_error();
  return nb::steal(next);
}

}  // namespace

StreamFailure::~StreamFailure() {
  if (!error_.has_value() || !nb::is_alive()) return;
  const WithGil locked;
  error_.reset();
}

void StreamFailure::Set(nb::python_error error) {
  if (!error_.has_value()) error_.emplace(std::move(error));
}

void StreamFailure::RaiseIfSet() {
  if (!error_.has_value()) return;
  nb::python_error error = std::move(*error_);
  error_.reset();
  throw error;
}

/// Guarded by the interpreter's lock.
struct PythonStream::State {
  nb::object object;
  bool is_iterator = false;
  bool is_read = false;                               ///< of an iterator: by some scan
  std::deque<BatchPtr> ahead;                         ///< read to learn the schema
  std::shared_ptr<arrow::RecordBatchReader> waiting;  ///< opened to learn the schema

  ~State() {
    if (!nb::is_alive()) {
      object.release();
      return;
    }
    const WithGil locked;
    object.reset();
  }
};

/// One scan's way through the stream.
class PythonStream::Reader : public arrow::RecordBatchReader {
 public:
  Reader(std::shared_ptr<State> state, std::shared_ptr<arrow::Schema> schema,
         std::shared_ptr<StreamFailure> failure)
      : state_(std::move(state)),
        schema_(std::move(schema)),
        failure_(std::move(failure)) {}

  std::shared_ptr<arrow::Schema> schema() const override { return schema_; }

  Status Open() {
    return CallPython(failure_, [&]() -> Status {
      if (!state_->is_iterator) {
        reader_ = std::move(state_->waiting);
        state_->waiting = nullptr;
        if (reader_ == nullptr) reader_ = ImportStream(state_->object);
        return Status::OK();
      }
      if (state_->is_read) {
        return UserError(
            "found a stream that was read before; expected a table, or a new frame for "
            "each reading of a stream that can be read once");
      }
      state_->is_read = true;
      ahead_ = std::exchange(state_->ahead, {});
      return Status::OK();
    });
  }

  Status ReadNext(BatchPtr* batch) override {
    if (reader_ != nullptr) {
      ARROW_RETURN_NOT_OK(At("the stream", reader_->ReadNext(batch)));
    } else {
      ARROW_RETURN_NOT_OK(Pull(batch));
    }
    if (*batch == nullptr || (*batch)->schema()->Equals(*schema_, false)) {
      return Status::OK();
    }
    return DataError("the stream: found a batch of ", (*batch)->schema()->ToString(),
                     "; expected ", schema_->ToString());
  }

 private:
  Status Pull(BatchPtr* batch) {
    while (ahead_.empty()) {
      bool is_over = false;
      ARROW_RETURN_NOT_OK(CallPython(failure_, [&] {
        const nb::object next = NextOf(state_->object);
        is_over = !next.is_valid();
        if (is_over) return Status::OK();
        for (auto& pulled : ImportBatches(next)) ahead_.push_back(std::move(pulled));
        return Status::OK();
      }));
      if (is_over) {
        *batch = nullptr;
        return Status::OK();
      }
    }
    *batch = std::move(ahead_.front());
    ahead_.pop_front();
    return Status::OK();
  }

  std::shared_ptr<State> state_;
  std::shared_ptr<arrow::Schema> schema_;
  std::shared_ptr<StreamFailure> failure_;
  std::shared_ptr<arrow::RecordBatchReader> reader_;  ///< null for an iterator
  std::deque<BatchPtr> ahead_;
};

PythonStream::PythonStream(nb::object object) : state_(std::make_shared<State>()) {
  state_->is_iterator = PyIter_Check(object.ptr()) != 0;
  state_->object = std::move(object);
  const nb::object& stream = state_->object;
  if (nb::hasattr(stream, "__arrow_c_schema__")) {
    schema_ = ImportSchema(stream);
    return;
  }
  if (state_->is_iterator) {
    const nb::object said = nb::getattr(stream, "schema", nb::none());
    if (nb::hasattr(said, "__arrow_c_schema__")) {
      schema_ = ImportSchema(said);
      return;
    }
    while (state_->ahead.empty()) {
      const nb::object next = NextOf(stream);
      if (!next.is_valid()) {
        RaiseIfFailed(UserError(
            "found an iterator without a batch; expected one, to know the columns"));
      }
      for (auto& batch : ImportBatches(next)) state_->ahead.push_back(std::move(batch));
    }
    schema_ = state_->ahead.front()->schema();
    return;
  }
  state_->waiting = ImportStream(stream);
  schema_ = state_->waiting->schema();
}

bool PythonStream::is_iterator() const { return state_->is_iterator; }

PyObject* PythonStream::own_object() const {
  return state_.use_count() == 1 ? state_->object.ptr() : nullptr;
}

void PythonStream::Clear() { state_->object.reset(); }

std::shared_ptr<exec::Table> PythonStream::OpenTable(
    std::shared_ptr<StreamFailure> failure) const {
  return plan::OpenStream(
      schema_,
      [state = state_, schema = schema_,
       failure]() -> Result<std::shared_ptr<arrow::RecordBatchReader>> {
        auto reader = std::make_shared<Reader>(state, schema, failure);
        ARROW_RETURN_NOT_OK(reader->Open());
        return reader;
      },
      is_iterator());
}

}  // namespace windrow::python
