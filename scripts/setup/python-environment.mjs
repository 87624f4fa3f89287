export async function preparePython() {}
