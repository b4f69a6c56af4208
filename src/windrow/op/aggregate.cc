// SPDX-License-Identifier: Apache-2.0
#include "windrow/op/aggregate.h"

#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <utility>

#include "windrow/op/aggregate_result.h"
#include "windrow/op/sort.h"

namespace windrow::op {
namespace {

using BatchPtr = std::shared_ptr<arrow::RecordBatch>;

struct AggregateInput : exec::Prepared {
  explicit AggregateInput(AggregatePiece piece) : piece(std::move(piece)) {}
  AggregatePiece piece;
};

AggregateLayout LayoutOf(const Aggregate::Options& options, const arrow::Schema& input) {
  AggregateLayout layout;
  arrow::FieldVector fields;
  for (const int key : options.key_columns) {
    const auto& field = input.field(key);
    layout.key_types.push_back(column::ValueType(field->type()));
    fields.push_back(field->WithType(layout.key_types.back()));
  }
  for (const auto& [name, function, argument] : options.columns) {
    const auto type =
        argument < 0 ? arrow::null() : column::ValueType(input.field(argument)->type());
    layout.kinds.push_back({function, type});
    layout.has_distinct |= function == column::Aggregate::kCountDistinct;
    fields.push_back(column::AggregateField(name, function, type));
  }
  layout.output = arrow::schema(std::move(fields));
  return layout;
}

AggregateColumns ColumnsOf(const Aggregate::Options& options) {
  AggregateColumns columns{options.key_columns, {}};
  for (const Aggregate::Column& column : options.columns) {
    columns.arguments.push_back(column.argument);
  }
  return columns;
}

/// Takes the last column off what is emitted.
class WithoutLast : public exec::Emitter {
 public:
  explicit WithoutLast(exec::Emitter* emitter) : emitter_(emitter) {}
  Status Emit(std::vector<BatchPtr> batches) override {
    for (BatchPtr& batch : batches) {
      ARROW_ASSIGN_OR_RAISE(batch, batch->RemoveColumn(batch->num_columns() - 1));
    }
    return emitter_->Emit(std::move(batches));
  }

 private:
  exec::Emitter* emitter_;
};

}  // namespace

Aggregate::Aggregate(Options options, const std::shared_ptr<arrow::Schema>& input_schema,
                     exec::RunContext* context, exec::StepMetrics* metrics)
    : layout_(LayoutOf(options, *input_schema)),
      columns_(ColumnsOf(options)),
      context_(context),
      metrics_(metrics),
      store_(
          layout_, 0,
          [this, may_group = options.partial](const arrow::RecordBatch& batch,
                                              std::shared_ptr<AggregateCoding> coding) {
            return PrepareRows(layout_, columns_, may_group, std::move(coding), batch,
                               context_->pool);
          },
          context, metrics) {}

Aggregate::~Aggregate() = default;

Result<std::unique_ptr<exec::Prepared>> Aggregate::Prepare(BatchPtr batch) {
  ARROW_ASSIGN_OR_RAISE(AggregatePiece piece, store_.PieceOf(std::move(batch)));
  return std::make_unique<AggregateInput>(std::move(piece));
}

Status Aggregate::Consume(std::unique_ptr<exec::Prepared> prepared, exec::Emitter*) {
  return store_.Add(std::move(static_cast<AggregateInput&>(*prepared).piece));
}

Status Aggregate::Finish(exec::Emitter* emitter) {
  const int words = GroupCoding(layout_.key_types, true, context_).words();
  ARROW_RETURN_NOT_OK(store_.Close());
  if (store_.has_spilled()) {
    ARROW_RETURN_NOT_OK(EmitFromDisk(emitter));
  } else {
    ARROW_RETURN_NOT_OK(store_.EmitInOrder([&](std::vector<BatchPtr> batches) {
      return emitter->Emit(std::move(batches));
    }));
  }
  metrics_->SetStrategy(
      internal::Words("keys of ", words, words == 1 ? " word, " : " words, ",
                      store_.num_grouped(), " of ", store_.num_pieces(),
                      " batches aggregated on their own",
                      store_.has_spilled() ? ", on disk" : ""),
      store_.has_spilled() ? "the groups do not fit the budget"
                           : "the groups fit the budget");
  metrics_->Count("groups", store_.num_groups());
  return Status::OK();
}

/// Shares of the keys come one after the other, so rows are put in order at the end.
Status Aggregate::EmitFromDisk(exec::Emitter* emitter) {
  WithoutLast output(emitter);
  Sort sort({.keys = {{layout_.output->num_fields()}}, .limit = std::nullopt},
            WithFirstRow(*layout_.output), context_, metrics_);
  ARROW_RETURN_NOT_OK(store_.TakeAll([&](BatchPtr batch) -> Status {
    ARROW_ASSIGN_OR_RAISE(auto prepared, sort.Prepare(std::move(batch)));
    return sort.Consume(std::move(prepared), &output);
  }));
  return sort.Finish(&output);
}

}  // namespace windrow::op
