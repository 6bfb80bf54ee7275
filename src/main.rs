//! The `iisaudit` command: arguments in, exit code out; everything else is in the library.

fn main() -> std::process::ExitCode {
    iisaudit::cli::run()
}
