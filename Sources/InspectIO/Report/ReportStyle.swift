/// The look of a report: no script, nothing from elsewhere, readable in print.
enum ReportStyle {
  static let sheet = """
    :root { color-scheme: light dark; --ink: #1c2024; --soft: #5b6570; --line: #d9dee3;
      --page: #fff; --card: #f7f8fa; --critical: #a4161a; --high: #b85c00; --medium: #7a6a00;
      --low: #2f6f8f; --good: #20703c; }
    @media (prefers-color-scheme: dark) { :root { --ink: #e6e9ec; --soft: #a2adb8;
      --line: #363d45; --page: #15181b; --card: #1d2125; --critical: #ff7b7b; --high: #ffb057;
      --medium: #e2d05c; --low: #7fc4e6; --good: #74d695; } }
    * { box-sizing: border-box; }
    body { margin: 0 auto; padding: 2rem 1.25rem 4rem; max-width: 62rem; background: var(--page);
      color: var(--ink); font: 16px/1.55 system-ui, sans-serif; }
    h1 { font-size: 1.7rem; margin: 0 0 .25rem; } h2 { font-size: 1.25rem; margin: 2.5rem 0 .75rem; }
    h3 { font-size: 1.05rem; margin: 0; overflow-wrap: anywhere; } p { margin: .5rem 0; }
    .soft { color: var(--soft); } code { font: .92em ui-monospace, monospace; overflow-wrap: anywhere; }
    .verdict { border-left: .4rem solid; padding: .75rem 1rem; background: var(--card);
      font-size: 1.1rem; }
    .card { border: 1px solid var(--line); border-left: .4rem solid; border-radius: .3rem;
      background: var(--card); padding: 1rem 1.1rem; margin: 1rem 0; break-inside: avoid-page; }
    .critical { border-left-color: var(--critical); } .high { border-left-color: var(--high); }
    .medium { border-left-color: var(--medium); } .low { border-left-color: var(--low); }
    .none { border-left-color: var(--good); }
    .badge { font-size: .78rem; font-weight: 700; letter-spacing: .05em; text-transform: uppercase; }
    .badge.critical { color: var(--critical); } .badge.high { color: var(--high); }
    .badge.medium { color: var(--medium); } .badge.low { color: var(--low); }
    .scroll { overflow-x: auto; } table { border-collapse: collapse; width: 100%; margin: .75rem 0; }
    th, td { text-align: left; vertical-align: top; padding: .35rem .75rem .35rem 0;
      border-bottom: 1px solid var(--line); font-size: .93rem; }
    th { color: var(--soft); font-weight: 600; } .facts th { width: 17rem; }
    .chip { display: inline-block; border: 1px solid var(--line); border-radius: .25rem;
      padding: 0 .35rem; background: var(--page); font: .86em/1.5 ui-monospace, monospace; }
    .bar { display: flex; height: 1.1rem; border-radius: .2rem; overflow: hidden; max-width: 30rem;
      border: 1px solid var(--line); } .bar span { display: block; }
    .hit { background: var(--critical); }
    @media print { body { max-width: none; padding: 0; } }
    """
}
