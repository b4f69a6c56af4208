// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <vector>

#include "windrow/exec/pipeline.h"
#include "windrow/exec/table.h"

namespace windrow::exec {

/// A source and the operators that its batches pass before they count as rows of a union.
struct ConcatPart {
  std::unique_ptr<Source> source;
  StepMetrics* source_metrics = nullptr;
  std::vector<PipelineStep> steps;  ///< operators only
  int64_t bytes_noted = 0;          ///< of what the source has read
};

/// The rows of several sources one after the other, each through its own operators. All
/// parts end with the same schema.
class ConcatSource : public Source {
 public:
  /// Not without parts.
  ConcatSource(std::vector<ConcatPart> parts, std::shared_ptr<arrow::Schema> schema);

  const std::shared_ptr<arrow::Schema>& schema() const override { return schema_; }
  Result<std::unique_ptr<UnitReader>> NextUnit(const arrow::StopToken& stop) override;
  int64_t next_unit_bytes() const override;
  int64_t bytes_read() const override { return 0; }  ///< the parts count theirs

 private:
  std::vector<ConcatPart> parts_;
  std::shared_ptr<arrow::Schema> schema_;
  size_t current_ = 0;
};

}  // namespace windrow::exec
