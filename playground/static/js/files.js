// Files that a person chooses, on their way to the server.

const BIGGEST = 10 * 1024 * 1024;

/** The sentence for the person, when the playground would not take it. */
export const tooBig = (file) => (file.size > BIGGEST ? `“${file.name}” is larger than 10 MB.` : null);

/** The file as the server takes it. */
export function readFile(file) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () =>
      resolve({
        name: file.name,
        mimetype: file.type || "application/octet-stream",
        content_base64: reader.result.split(",")[1] ?? "",
      });
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(file);
  });
}
