#!powershell

# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

#AnsibleRequires -CSharpUtil Ansible.Basic
#AnsibleRequires -PowerShell ansible_collections.vidnet.portmatrix.plugins.module_utils.FwProgram

$place = @{
    key = @{ type = 'str'; required = $true; no_log = $false }
    value = @{ type = 'str'; required = $true }
    suffix = @{ type = 'str'; default = '' }
}
$spec = @{
    options = @{
        files = @{ type = 'list'; elements = 'path'; default = @() }
        registered = @{ type = 'list'; elements = 'dict'; default = @(); options = $place }
        size = @{ type = 'int'; default = 4194304 }
    }
    supports_check_mode = $true
}

$module = [Ansible.Basic.AnsibleModule]::Create($args, $spec)
$p = $module.Params

$paths = @($p.files)
foreach ($entry in $p.registered) {
    $key = Get-Item -LiteralPath $entry.key -ErrorAction SilentlyContinue
    if ($key -and $key.GetValue($entry.value)) { $paths += [string]$key.GetValue($entry.value) + $entry.suffix }
}
$module.Result.files = @(foreach ($path in $paths) {
        if (-not (Test-Path -LiteralPath $path -PathType Leaf)) { continue }
        $file = [ordered]@{ path = $path; text = ''; error = '' }
        try {
            if ((New-Object System.IO.FileInfo $path).Length -gt $p.size) { throw "it has more than $($p.size) bytes" }
            $stream = [System.IO.File]::Open($path, 'Open', 'Read', 'ReadWrite, Delete')    # its program may have it open
            $reader = New-Object System.IO.StreamReader $stream
            $file.text = $reader.ReadToEnd()
            $reader.Dispose()
        }
        catch {
            $file.error = $_.Exception.GetBaseException().Message
        }
        $file
    })

$module.Result.http = ''
try {
    $module.Result.http = (Invoke-FwProgram -Name netsh.exe -Arguments 'http', 'show', 'servicestate' -Output) -join "`n"
}
catch {
    $module.Warn("what HTTP.sys holds could not be read: $($_.Exception.Message)")
}

try {
    $processes = @{}
    foreach ($process in Get-CimInstance -ClassName Win32_Process -Property 'ProcessId', 'Name', 'ExecutablePath') {
        $processes[[int]$process.ProcessId] = $process
    }
    $services = @{}
    foreach ($service in Get-CimInstance -ClassName Win32_Service -Filter 'ProcessId <> 0' -Property 'ProcessId', 'Name') {
        $services[[int]$service.ProcessId] = @($services[[int]$service.ProcessId] | Where-Object { $_ }) + [string]$service.Name
    }
    $sockets = @(
        foreach ($socket in Get-NetTCPConnection -State Listen -ErrorAction SilentlyContinue) { , @('tcp', $socket) }
        foreach ($socket in Get-NetUDPEndpoint -ErrorAction SilentlyContinue) { , @('udp', $socket) }
    )
    $module.Result.listening = @(foreach ($entry in $sockets) {
            $socket = $entry[1]
            $number = [int]$socket.OwningProcess
            [ordered]@{
                protocol = $entry[0]
                address = [string]$socket.LocalAddress -replace '%.*$'
                port = [int]$socket.LocalPort
                pid = $number
                process = [string]$processes[$number].Name
                path = [string]$processes[$number].ExecutablePath
                services = @($services[$number] | Where-Object { $_ } | Sort-Object)
            }
        })
}
catch {
    $module.FailJson("what listens could not be read: $($_.Exception.Message)", $_)
}
$module.ExitJson()
