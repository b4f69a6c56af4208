// SPDX-License-Identifier: Apache-2.0
#include "windrow/cli/command_line.h"

#include <CLI/CLI.hpp>
#include <functional>
#include <iostream>
#include <memory>

#include "windrow/base/version.h"
#include "windrow/cli/command_options.h"
#include "windrow/cli/completion.h"
#include "windrow/cli/engine_options.h"
#include "windrow/cli/generate_pod_usage.h"
#include "windrow/cli/help_topics.h"
#include "windrow/cli/inspect_command.h"
#include "windrow/cli/log_format.h"
#include "windrow/cli/pod_usage_command.h"
#include "windrow/cli/run_job.h"
#include "windrow/cli/serve_command.h"
#include "windrow/cli/terminal_text.h"
#include "windrow/cli/usage_message.h"
#include "windrow/cli/verify_probe_rows.h"
#include "windrow/recipe/enrich.h"
#include "windrow/recipe/generate.h"
#include "windrow/recipe/probe_rows.h"

namespace windrow::cli {
namespace {

/// All commands and their options; each option stands here once. A command parses into
/// its struct and leaves what to do in `action_`.
class CommandLine {
 public:
  explicit CommandLine(const arrow::StopToken& stop) : stop_(stop) {
    app_.set_version_flag("--version", std::string("windrow ") + kVersion);
    app_.require_subcommand(1);
    app_.footer(
        "'windrow COMMAND --help' shows what a command takes, with examples.\n"
        "Exit codes: 0 done, 1 defect in Windrow, 2 usage or job document, 3 bad input\n"
        "data, 4 storage, 5 memory or disk exhausted, 130 cancelled.");
    AddRun();
    AddExplain();
    AddEnrich();
    AddProbeRows();
    AddPodUsage();
    AddLoadReport();
    AddServe();
    AddGenerate();
    AddInspect();
    AddHelp();
    AddCompletion();
  }

  int Run(int argc, char** argv) {
    try {
      app_.parse(argc, argv);
    } catch (const CLI::Success& success) {
      return app_.exit(success);
    } catch (const CLI::ParseError& error) {
      std::cerr << ErrorPrefix(MayColour(2))
                << UsageMessage(app_, std::vector<std::string>(argv + 1, argv + argc),
                                error)
                << '\n';
      return 2;
    }
    StartLog(engine_.log_level, engine_.log_format);
    const Status status = action_();
    std::cout.flush();
    if (!status.ok()) LogFailure(status, engine_.log_format);
    return ExitCode(status);
  }

 private:
  CLI::App* Command(const std::string& name, const std::string& summary,
                    const std::vector<std::string>& examples) {
    std::string footer = examples.size() == 1 ? "Example:" : "Examples:";
    for (const std::string& example : examples) footer += "\n  " + example;
    return app_.add_subcommand(name, summary)->footer(footer);
  }

  void AddEngineOptions(CLI::App* command) {
    const std::string group = "Engine";
    command
        ->add_option("--memory", engine_.memory,
                     "memory budget, such as 2GiB; default half of what there is")
        ->group(group);
    command->add_option("--slots", engine_.slots, "CPU threads; default one per core")
        ->check(CLI::Range(1, 1024))
        ->group(group);
    command->add_option("--temp-dir", engine_.temp_dir, "folder for temporary files")
        ->group(group);
    AddS3(command, &engine_.s3_endpoint);
    AddFlight(command);
    command
        ->add_option("--report", engine_.report,
                     "write the run report to this .json or .html file")
        ->group(group);
    command
        ->add_option("--metrics", engine_.metrics,
                     "write metrics of the run, as Prometheus reads them, to this file")
        ->group(group);
    command->add_option("--progress", engine_.progress, "auto, plain or none")
        ->check(CLI::IsMember({"auto", "plain", "none"}))
        ->group(group);
    command->add_option("--log-level", engine_.log_level, "debug, info, warn or error")
        ->check(CLI::IsMember({"debug", "info", "warn", "error"}))
        ->group(group);
    command->add_option("--log-format", engine_.log_format, "text or json")
        ->check(CLI::IsMember({"text", "json"}))
        ->group(group);
    command
        ->add_flag("--resume", engine_.resume,
                   "on a cluster: go on where a run of the same job was killed")
        ->group(group);
    command->add_flag("--print-job", engine_.print_job, "print the job document and stop")
        ->group(group);
    AddSet(command);
  }

  void AddWhere(CLI::App* command) {
    command
        ->add_option("--on", engine_.on,
                     "local, ray:N, ray:auto, ray://HOST:PORT or local:N")
        ->group("Engine");
  }

  void AddS3(CLI::App* command, std::string* endpoint) {
    command
        ->add_option("--s3-endpoint", *endpoint,
                     "URL of the store behind s3:// paths; default AWS_ENDPOINT_URL, or "
                     "else AWS")
        ->group("Engine");
  }

  void AddFlight(CLI::App* command) {
    command
        ->add_option("--token-file", engine_.token_file,
                     "file with the token that grpc:// servers ask for")
        ->group("Engine");
    command
        ->add_option("--tls-ca", engine_.tls_ca,
                     "PEM file of the roots that grpc+tls:// servers are trusted by")
        ->group("Engine");
  }

  void AddSet(CLI::App* command) {
    command
        ->add_option("--set", engine_.set,
                     "NAME=VALUE engine switch; 'windrow help switches' lists them")
        ->expected(1)
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
        ->group("Engine");
  }

  void AddDocument(CLI::App* command) {
    command->add_option("JOB", document_.path, "job document (YAML)")->required();
    command->add_option("-D,--define", document_.definitions, "NAME=VALUE, fills ${NAME}")
        ->expected(1)
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  }

  void AddRun() {
    CLI::App* command = Command("run", "run a job document",
                                {"windrow run job.yaml -D day=2025-01-31 --memory 2GiB",
                                 "windrow run job.yaml --report run.html"});
    AddDocument(command);
    AddWhere(command);
    AddEngineOptions(command);
    command->callback([this] {
      action_ = [this]() -> Status {
        ARROW_ASSIGN_OR_RAISE(const plan::JobSpec job, LoadJob(document_));
        return RunJob(job, engine_, stop_);
      };
    });
  }

  void AddExplain() {
    CLI::App* command = Command("explain", "show how a job would be run, and why",
                                {"windrow explain job.yaml -D day=2025-01-31"});
    AddDocument(command);
    command->add_flag("--json", explain_.as_json, "as JSON");
    command
        ->add_option("--nodes", explain_.nodes, "also how so many nodes would share it")
        ->check(CLI::Range(1, 1000));
    command->add_option("--html", explain_.html, "write a page instead");
    AddS3(command, &engine_.s3_endpoint);
    AddFlight(command);
    AddSet(command);
    command->callback([this] {
      action_ = [this]() -> Status {
        ARROW_ASSIGN_OR_RAISE(const plan::JobSpec job, LoadJob(document_));
        return ExplainJob(job, engine_, explain_, stop_);
      };
    });
  }

  void AddEnrich() {
    CLI::App* command = Command(
        "enrich", "join quotes with the securities they are for",
        {"windrow enrich --quotes q.parquet --securities s.arrow -o out.arrow",
         "windrow enrich --quotes q.arrow --securities grpc://node1:8815/securities \\\n"
         "    --spread --sort-by spread_pct:desc --limit 100 -o top.parquet"});
    command->add_option("--quotes", enrich_.quotes, "file or glob")->required();
    command
        ->add_option("--securities", enrich_.securities,
                     "file, glob or grpc://HOST:PORT/NAME; repeat for partitions")
        ->required()
        ->expected(1)
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
    // Both a join key and a place to run go by this name; only a key has a '='.
    command
        ->add_option(
            "--on", enrich_on_,
            "QUOTES_COLUMN=SECURITIES_COLUMN, default instrumentId=ID; or where to "
            "run: local")
        ->expected(1)
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
    command->add_option("--how", enrich_.how, "inner, left, semi or anti")
        ->capture_default_str();
    command
        ->add_option("--columns", enrich_.columns,
                     "of securities: all, or names with commas")
        ->capture_default_str();
    command->add_flag("--spread", enrich_.spread, "add spread_pct and spread_bps");
    command->add_option("--filter", enrich_.filter, "SQL expression over the output");
    command->add_option("--sort-by", enrich_.sort_by, "COLUMN:asc or COLUMN:desc");
    command->add_option("--limit", enrich_.limit, "most rows of the output")
        ->check(WholeNumber());
    command->add_option("-o,--output", enrich_.output, "OUT.arrow or OUT.parquet")
        ->required();
    AddEngineOptions(command);
    command->callback([this] {
      action_ = [this]() -> Status {
        for (const std::string& on : enrich_on_) {
          (on.find('=') != std::string::npos ? enrich_.on : engine_.on) = on;
        }
        ARROW_ASSIGN_OR_RAISE(const plan::JobSpec job, recipe::EnrichJob(enrich_));
        return RunJob(job, engine_, stop_);
      };
    });
  }

  void AddProbeRows() {
    CLI::App* command = Command(
        "probe-rows", "turn ping measurements into training records, one a probe",
        {"windrow probe-rows --input 'pings/*.parquet' --output probes --verify"});
    command->add_option("--input", probe_rows_.input, "file or glob; may be repeated")
        ->expected(1)
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
    command
        ->add_option("--output", probe_rows_.output,
                     "folder for train.arrayrecord, test.arrayrecord and manifest.json")
        ->required();
    command
        ->add_option("--train-ratio", probe_rows_.train_ratio,
                     "share of the probes that are for training, 0 to 1")
        ->capture_default_str();
    command
        ->add_option("--split", probe_rows_.split,
                     "hash: by the probe's id; sorted: the first probes are for training")
        ->capture_default_str();
    command
        ->add_option("--max-row-size-mb", probe_rows_.max_row_size_mb,
                     "a larger probe becomes several records")
        ->capture_default_str();
    command->add_option("--shards", probe_rows_.shards,
                        "files that train and test have each, numbered");
    command
        ->add_option("--null-src", probe_rows_.null_src,
                     "rows without src_addr: drop, error or empty")
        ->capture_default_str();
    command
        ->add_option("--compression", probe_rows_.compression, "of the records' chunks")
        ->capture_default_str();
    command->add_flag(
        "--verify", verifies_probe_rows_,
        "check all records after writing; without --input, those there are");
    AddWhere(command);
    AddEngineOptions(command);
    command->callback([this] { action_ = [this] { return RunProbeRows(); }; });
  }

  Status RunProbeRows() {
    if (probe_rows_.input.empty() && !verifies_probe_rows_) {
      return UserError("probe-rows: --input is required unless --verify is given");
    }
    if (!probe_rows_.input.empty()) {
      ARROW_ASSIGN_OR_RAISE(const plan::JobSpec job, recipe::ProbeRowsJob(probe_rows_));
      ARROW_RETURN_NOT_OK(RunJob(job, engine_, stop_));
      if (!verifies_probe_rows_ || engine_.print_job) return Status::OK();
    }
    return VerifyProbeRows(probe_rows_.output, engine_, stop_, std::cout);
  }

  void AddPodUsage() {
    CLI::App* command =
        Command("pod-usage", "OpenShift usage reports to rows of a daily summary",
                {"windrow pod-usage --input s3://reports/koku --account 10001 \\\n"
                 "    --source 5a2c… --cluster-id c1 --cluster-alias prod \\\n"
                 "    --report-period-id 7 --start 2025-05-01 --end 2025-05-31 \\\n"
                 "    --reference postgresql://db/koku --to postgresql://db/koku"});
    AddPodUsageOptions(command, &pod_usage_);
    AddWhere(command);
    AddEngineOptions(command);
    command->callback(
        [this] { action_ = [this] { return RunPodUsage(pod_usage_, engine_, stop_); }; });
  }

  void AddLoadReport() {
    CLI::App* command =
        Command("load-report", "where a join's rows would go on several nodes",
                {"windrow load-report --left clicks.parquet --right users.parquet \\\n"
                 "    --on user_id=user_id --nodes 4 -o report.html"});
    AddLoadReportOptions(command, &load_report_);
    AddEngineOptions(command);
    command->callback([this] {
      action_ = [this] { return RunLoadReport(load_report_, engine_, stop_); };
    });
  }

  void AddServe() {
    CLI::App* command = Command("serve", "serve tables to Arrow Flight clients",
                                {"windrow serve securities=securities.arrow"});
    AddServeOptions(command, &serve_);
    AddS3(command, &serve_.s3_endpoint);
    command->callback(
        [this] { action_ = [this] { return ServeTables(serve_, stop_, std::cout); }; });
  }

  void AddGenerate() {
    CLI::App* command =
        Command("generate", "make a data set: the same for the same seed",
                {"windrow generate quotes --rows 120000 -o quotes.parquet"});
    command
        ->add_option("DATASET", generate_.dataset,
                     "pod-usage, or one that 'windrow help datasets' lists")
        ->required();
    command->add_option("--rows", generate_.rows, "how many")
        ->required()
        ->check(WholeNumber());
    command->add_option("--seed", generate_.seed, "default the data set's own");
    command
        ->add_option("--option", generate_options_,
                     "NAME=VALUE of the data set; 'windrow help datasets' lists them")
        ->expected(1)
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
    command->add_option("--compression", generate_.compression,
                        "lz4, zstd:N, snappy, …; default none for .arrow");
    command
        ->add_option("-o,--output", generate_.output,
                     "OUT.arrow or OUT.parquet; a folder for pod-usage")
        ->required();
    AddWhere(command);
    AddEngineOptions(command);
    command->callback([this] {
      action_ = [this]() -> Status {
        for (const std::string& assignment : generate_options_) {
          const size_t equals = assignment.find('=');
          if (equals == std::string::npos) {
            return UserError("--option ", assignment, ": expected NAME=VALUE");
          }
          generate_.options[assignment.substr(0, equals)] = assignment.substr(equals + 1);
        }
        if (generate_.dataset == "pod-usage") {
          return GeneratePodUsage({generate_.rows, generate_.seed, generate_.options,
                                   generate_.compression, generate_.output},
                                  engine_, stop_);
        }
        ARROW_ASSIGN_OR_RAISE(const plan::JobSpec job, recipe::GenerateJob(generate_));
        return RunJob(job, engine_, stop_);
      };
    });
  }

  void AddInspect() {
    CLI::App* command = Command("inspect", "show what a file holds",
                                {"windrow inspect out.parquet --samples 5"});
    command->add_option("FILE", inspect_.path, "Parquet, Arrow IPC or ArrayRecord file")
        ->required();
    command->add_option("--samples", inspect_.samples, "print the first N rows")
        ->check(WholeNumber());
    command->add_flag("--verify", inspect_.verify, "read and check every value");
    AddS3(command, &inspect_.s3_endpoint);
    command->callback(
        [this] { action_ = [this] { return InspectFile(inspect_, stop_, std::cout); }; });
  }

  void AddHelp() {
    CLI::App* command =
        Command("help", "explain a topic: switches, datasets", {"windrow help switches"});
    command->add_option("TOPIC", help_topic_, "switches or datasets")
        ->required()
        ->check(CLI::IsMember({"switches", "datasets"}));
    command->callback([this] {
      action_ = [this] {
        (help_topic_ == "switches" ? PrintSwitches : PrintDatasets)(std::cout);
        return Status::OK();
      };
    });
  }

  void AddCompletion() {
    CLI::App* command = Command("completion", "print a script that completes commands",
                                {"source <(windrow completion bash)",
                                 "windrow completion zsh > ~/.zfunc/_windrow"});
    command->add_option("SHELL", shell_, "bash or zsh")
        ->required()
        ->check(CLI::IsMember({"bash", "zsh"}));
    command->callback([this] {
      action_ = [this] {
        std::cout << (shell_ == "bash" ? BashCompletion : ZshCompletion)(app_);
        return Status::OK();
      };
    });
  }

  CLI::App app_{"Windrow joins, groups and moves columnar data.", "windrow"};
  arrow::StopToken stop_;
  std::function<Status()> action_;
  EngineOptions engine_;
  DocumentOptions document_;
  ExplainOptions explain_;
  recipe::EnrichOptions enrich_;
  std::vector<std::string> enrich_on_;
  recipe::ProbeRowsOptions probe_rows_;
  bool verifies_probe_rows_ = false;
  recipe::GenerateJobOptions generate_;
  std::vector<std::string> generate_options_;
  PodUsageCommand pod_usage_;
  LoadReportCommand load_report_;
  ServeOptions serve_;
  InspectOptions inspect_;
  std::string help_topic_;
  std::string shell_;
};

}  // namespace

int RunCommandLine(int argc, char** argv, const arrow::StopToken& stop) {
  return CommandLine(stop).Run(argc, argv);
}

}  // namespace windrow::cli
