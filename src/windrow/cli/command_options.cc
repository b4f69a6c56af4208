// SPDX-License-Identifier: Apache-2.0
#include "windrow/cli/command_options.h"

#include <string>

namespace windrow::cli {

CLI::Validator WholeNumber() {
  return CLI::Validator(
      [](const std::string& text) {
        const bool is_whole =
            !text.empty() && text.find_first_not_of("0123456789") == std::string::npos;
        return is_whole ? "" : "found " + text + ", expected a whole number, 0 or more";
      },
      "");
}

void AddPodUsageOptions(CLI::App* command, PodUsageCommand* pod_usage) {
  recipe::PodUsageOptions& options = pod_usage->recipe;
  command->add_option("--input", options.input, "folder or s3://BUCKET/PREFIX")
      ->required();
  command
      ->add_option("--layout", options.layout,
                   "koku: its hourly and daily tables; hourly: rows hourly everywhere")
      ->capture_default_str();
  command->add_option("--account", options.account, "whose reports, as in the paths")
      ->required();
  command->add_option("--source", options.source, "UUID of the reports' source")
      ->required();
  command->add_option("--cluster-id", options.cluster_id, "for the output")->required();
  command->add_option("--cluster-alias", options.cluster_alias, "for the output")
      ->required();
  command->add_option("--report-period-id", options.report_period_id, "for the output")
      ->required();
  command->add_option("--start", options.start, "first day, YYYY-MM-DD")->required();
  command->add_option("--end", options.end, "last day, in the same month")->required();
  command
      ->add_option("--reference", pod_usage->reference,
                   "enabled label keys, cost categories and nodes: a .json file, or "
                   "postgresql://...")
      ->required();
  command->add_option("--to", options.to, "OUT.parquet, OUT.ndjson or postgresql://...")
      ->required();
  command->add_option("--parallel", options.parallel,
                      "connections that write to PostgreSQL");
}

void AddLoadReportOptions(CLI::App* command, LoadReportCommand* load_report) {
  command->add_option("--left", load_report->tables.left, "file or glob")->required();
  command->add_option("--right", load_report->tables.right, "file or glob")->required();
  command->add_option("--on", load_report->tables.on, "LEFT_COLUMN=RIGHT_COLUMN")
      ->required();
  command->add_option("--nodes", load_report->nodes, "how many")
      ->capture_default_str()
      ->check(CLI::Range(1, 1000));
  command->add_option("-o,--output", load_report->output, "REPORT.html");
  command->add_option("--json", load_report->json, "the same as JSON, to this file");
  command->add_flag("--measure", load_report->measure,
                    "also runs the join on as many Ray nodes of this machine");
  command
      ->add_option("--network-rate", load_report->network_rate,
                   "of each node, in bytes a second")
      ->capture_default_str();
  command
      ->add_option("--disk-rate", load_report->disk_rate,
                   "of each node, in bytes a second")
      ->capture_default_str();
  command->add_option("--node-memory", load_report->node_memory, "of each node")
      ->capture_default_str();
}

void AddServeOptions(CLI::App* command, ServeOptions* serve) {
  command->add_option("TABLE", serve->tables, "NAME=PATH: a file, folder or glob")
      ->required();
  command
      ->add_option("--listen", serve->listen,
                   "grpc://HOST:PORT or grpc+tls://HOST:PORT; port 0: any free one")
      ->capture_default_str();
  command->add_option("--token-file", serve->token_file,
                      "file with the token that every call must bring");
  command->add_option("--tls-cert", serve->tls_cert, "PEM file of the certificate");
  command->add_option("--tls-key", serve->tls_key, "PEM file of its key");
  command
      ->add_option("--replica", serve->replicas,
                   "grpc://HOST:PORT of a server with the same tables and token; may "
                   "be repeated")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  command->add_option("--message-bytes", serve->message_bytes, "size of a message, about")
      ->capture_default_str();
  command
      ->add_option("--codec", serve->codec,
                   "auto: by the rate of the link; or none, lz4, zstd:N")
      ->capture_default_str();
  command->add_option("--streams", serve->streams, "at once; others wait their turn")
      ->capture_default_str()
      ->check(CLI::Range(1, 4096));
  // Without a group they are not shown: who needs them knows.
  command->add_option("--wait-seconds", serve->wait_seconds)
      ->check(CLI::Range(1, 86400))
      ->group("");
  command->add_option("--ticket-seconds", serve->ticket_seconds)
      ->check(CLI::Range(1, 31'536'000))
      ->group("");
  command
      ->add_option("--filter-bytes", serve->filter_bytes,
                   "most that the keys of a semi-join may take")
      ->capture_default_str();
  command->add_option("--memory", serve->memory, "budget of all streams together")
      ->capture_default_str()
      ->group("Engine");
  command->add_option("--slots", serve->slots, "CPU threads; default one per core")
      ->check(CLI::Range(1, 1024))
      ->group("Engine");
  command->add_option("--temp-dir", serve->temp_dir, "folder for temporary files")
      ->group("Engine");
}

}  // namespace windrow::cli
