/** Facts about the platform that an addon is loaded on. */

interface Report {
  header: { glibcVersionRuntime?: string };
  sharedObjects: string[];
}

/** The version of glibc; null on systems with another C library. */
export function glibcVersion(): string | null {
  return report().header.glibcVersionRuntime ?? null;
}

/** Such as `linux-x64-glibc` or `darwin-arm64`; part of the name of the prebuilt package. */
export function platformName(): string {
  const name = `${process.platform}-${process.arch}`;
  if (process.platform !== 'linux') return name;
  return `${name}-${glibcVersion() === null ? 'musl' : 'glibc'}`;
}

/** The files of the shared libraries in this process. */
export function loadedLibraries(): readonly string[] {
  return report().sharedObjects;
}

function report(): Report {
  const settings = process.report as { excludeNetwork?: boolean } & NodeJS.ProcessReport;
  const { excludeNetwork } = settings;
  // Without this, the report looks up the host name of every open connection.
  settings.excludeNetwork = true;
  try {
    return settings.getReport() as Report;
  } finally {
    settings.excludeNetwork = excludeNetwork;
  }
}
