/** The version that the CLI and the daemon say; a test keeps it equal to package.json's. */
export const VERSION = '0.1.0';
