// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "windrow/plan/job_spec.h"
#include "windrow/plan/problem_list.h"
#include "windrow/plan/yaml_fields.h"

namespace windrow::plan {

// The readers of a document's parts. Every problem goes to the list, and what it concerns
// is left empty, so that reading goes on.

/// Those that are written; not all of them can be read.
const Choices<FileFormat>& FileFormats();

/// Appends to `job.steps`, whose sources are read already.
void ReadSteps(const YamlNode& node, JobSpec& job, ProblemList& problems);

AggregateSpec ReadAggregate(const YamlNode& node, const std::string& owner,
                            ProblemList& problems);

/// The steps of probe records; `owner` names the map in messages.
ProbeMeasurementsSpec ReadProbeMeasurements(const YamlNode& node,
                                            const std::string& owner,
                                            ProblemList& problems);
ProbeRecordsSpec ReadProbeRecords(const YamlNode& node, const std::string& owner,
                                  ProblemList& problems);

/// A source that has the key values.
ValuesSpec ReadValues(const Fields& source, ProblemList& problems);

/// Appends to `job.sinks`, whose sources and steps are read already.
void ReadSinks(const YamlNode& node, JobSpec& job, ProblemList& problems);

/// `from`, or else the step written before, or else the only source.
PlacedText ReadFrom(const Fields& fields, Place reader_place, const JobSpec& job,
                    ProblemList& problems);

}  // namespace windrow::plan
